import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { addMissingSecrets, ensureEnvironmentFile, readEnvironment } from '../supervisor/environment-file.js';
import { chooseHome, openHome } from '../supervisor/home.js';
import { readPlatformSettings } from '../supervisor/platform-settings.js';
import { ambientEnvironment } from '../supervisor/services.js';
import { terminalReporter as terminal } from '../supervisor/reporter.js';
import { composeVariables, writeComposeFiles } from './compose-files.js';

/** `npm run infrastructure:up|down`: the servers in containers. Resolves with the exit code; `down` keeps the volumes. */
export async function infrastructure(workspace: string, verb: string): Promise<number> {
  if (verb !== 'up' && verb !== 'down') {
    terminal.failure('Say up or down.');
    return 1;
  }
  if (spawnSync('docker', ['compose', 'version'], { stdio: 'ignore' }).status !== 0) {
    terminal.failure(
      'This needs Docker with its Compose plugin (docker compose version fails). npm start needs neither.',
    );
    return 1;
  }
  const path = chooseHome(workspace, readEnvironment(workspace, process.env)['CAPSULE_HOME']);
  const home = openHome(path);
  if (ensureEnvironmentFile(workspace, path)) terminal.note('Wrote .env with generated secrets.');
  // The volumes may have data of an earlier time.
  addMissingSecrets(workspace, path, process.env, true);
  const source = readEnvironment(workspace, process.env);
  const settings = readPlatformSettings(source, path);
  writeComposeFiles(home, settings);
  const words = verb === 'up' ? ['up', '--detach', '--wait'] : ['down'];
  const child = spawn(
    'docker',
    ['compose', '--project-name', 'capsule', '--file', join(workspace, 'docker/compose.yml'), ...words],
    {
      stdio: 'inherit',
      env: { ...ambientEnvironment(source), ...dockerVariables(source), ...composeVariables(home, settings) },
    },
  );
  const code = await new Promise<number>((resolve) => child.once('close', (status) => resolve(status ?? 1)));
  if (code === 0 && verb === 'up') {
    terminal.note('The servers run in containers. Start the services with: npm start -- --external-servers');
  }
  return code;
}

/** Which Docker to talk to is the reader's own setting. */
function dockerVariables(source: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(source).filter(([name]) => name.startsWith('DOCKER_')));
}
