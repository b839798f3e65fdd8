import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ambientEnvironment } from './services.js';

type Source = Readonly<Record<string, string | undefined>>;

/**
 * Ends the apps the platform runs, when the deploy service has ended itself: they outlive it by design, but not the
 * platform. The next start brings back those that should run. Rejects with what the program says when some would not end.
 */
export async function endHostedApps(workspace: string, source: Source): Promise<void> {
  const folder = source['DEPLOY_SERVICE_ENGINE_FOLDER'];
  const program = join(workspace, 'apps/deploy/dist/engine/end-apps.js');
  if (!folder || !existsSync(folder) || !existsSync(program)) return;
  const child = spawn(process.execPath, [program, folder, source['DEPLOY_SERVICE_DRAIN_SECONDS'] ?? '10'], {
    cwd: workspace,
    env: ambientEnvironment(source),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let messages = '';
  child.stderr.on('data', (chunk: Buffer) => (messages += chunk.toString()));
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`Not every app ended: ${messages.trim()}`)),
    );
  });
}

/** What the deploy service found out about this machine when it started, as a sentence for whoever should know. */
export function isolationNote(source: Source): string | undefined {
  const path = join(source['DEPLOY_SERVICE_ENGINE_FOLDER'] ?? '', 'machine.json');
  if (!existsSync(path)) return undefined;
  const machine = JSON.parse(readFileSync(path, 'utf8')) as { isolated: boolean; reason?: string };
  if (machine.isolated) return undefined;
  return `Isolation is off: hosted apps can read what you can read (${machine.reason ?? 'unknown reason'}).`;
}
