import type { AppName } from '@capsule/contracts';
import type { Home } from './home.js';
import { ManagedProcess } from './managed-process.js';
import { reloadOnChange } from './reload.js';
import { type Reporter, reportTo } from './reporter.js';
import { serviceProcess } from './services.js';

/** No balancer watches a developer's readiness, so a restart need not wait for one. */
export const quickRestart = { SHUTDOWN_DRAIN_DELAY_MS: '0' };

interface ReloadingService {
  /** The checkout whose sources are watched, compiled and run. */
  workspace: string;
  home: Home;
  source: Readonly<Record<string, string | undefined>>;
  app: AppName;
  reporter: Reporter;
}

/** Serves one service and serves it anew whenever its sources change. The returned function ends it. */
export async function serveReloading(options: ReloadingService): Promise<() => Promise<void>> {
  const { workspace, home, source, app, reporter } = options;
  const definition = serviceProcess(app, workspace, { ...source, ...quickRestart }, { unbundled: true });
  const service = new ManagedProcess({ ...definition, reloads: true }, home, reportTo(reporter));
  await service.start();
  const stopWatching = reloadOnChange({ workspace, apps: [app], reporter, restart: () => service.restart() });
  return async () => {
    stopWatching();
    await service.stop();
  };
}
