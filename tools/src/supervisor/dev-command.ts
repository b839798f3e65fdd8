import { once } from 'node:events';
import { type AppName, appNames } from '@capsule/contracts';
import { ask, callSupervisor, SupervisorGoneError } from './control.js';
import { endWhenTold } from './end-when-told.js';
import { readEnvironment } from './environment-file.js';
import { exitCodeOf } from './exit-code.js';
import { chooseHome, type Home, openHome } from './home.js';
import { reloadOnChange } from './reload.js';
import { quickRestart, serveReloading } from './reloading-service.js';
import { terminalReporter } from './reporter.js';
import { runPlatform } from './run-platform.js';
import { withHomePaths } from './services.js';
import { AlreadyRunningError, supervisorOf } from './supervisor-lock.js';

/** `npm run dev`: the platform with services that reload when their sources change and write to the terminal. */
export function dev(workspace: string, apps: readonly AppName[] = appNames): Promise<number> {
  const reporter = terminalReporter;
  return exitCodeOf(reporter, async () => {
    try {
      await runPlatform({
        workspace,
        reporter,
        overrides: quickRestart,
        reloading: apps,
        onReady: ({ platform, ended }) => {
          reporter.note(`${apps.join(', ')}: compiled and started again after every edit in apps or libs.`);
          const restart = (app: AppName) => platform.restart(app);
          ended.addEventListener('abort', reloadOnChange({ workspace, apps, reporter, restart }));
        },
      });
    } catch (error) {
      if (!(error instanceof AlreadyRunningError)) throw error;
      throw new Error(
        `${error.message} It does not reload: end it by npm stop, or serve single services beside it by npx nx serve <service>.`,
        { cause: error },
      );
    }
  });
}

/**
 * `nx serve <app>`: one service with reload. A running platform lends it that service for as long as this lasts;
 * without one, the whole platform is started around it.
 */
export function serve(workspace: string, name: string): Promise<number> {
  return exitCodeOf(terminalReporter, async () => {
    const app = appNames.find((each) => each === name);
    if (!app) throw new Error(`Say which service: ${appNames.join(', ')}.`);
    const home = openHome(chooseHome(workspace, readEnvironment(workspace, process.env)['CAPSULE_HOME']));
    return supervisorOf(home) ? serveBorrowed(workspace, home, app) : dev(workspace, [app]);
  });
}

async function serveBorrowed(workspace: string, home: Home, app: AppName): Promise<void> {
  const end = endWhenTold();
  const ended = once(end.signal, 'abort');
  const platform = await callSupervisor(home);
  if (!platform) throw new SupervisorGoneError();
  // The platform itself was stopped: there is nothing left to serve to.
  platform.once('close', () => end.abort());
  let stop: (() => Promise<void>) | undefined;
  try {
    await ask(platform, `lend ${app}`);
    const source = withHomePaths(readEnvironment(workspace, process.env), home, workspace);
    stop = await serveReloading({ workspace, home, source, app, reporter: terminalReporter });
    await ended;
  } finally {
    await stop?.();
    platform.destroy();
  }
}
