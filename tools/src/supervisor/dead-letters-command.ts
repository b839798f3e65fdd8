import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { loadEnvironment, pickEnvironment } from '@capsule/config';
import { serviceNames } from '@capsule/contracts';
import { readEnvironment } from './environment-file.js';
import { exitCodeOf } from './exit-code.js';
import { chooseHome, openHome } from './home.js';
import { appEnvironments } from './platform-settings.js';
import { isListening } from './ports.js';
import { terminalReporter } from './reporter.js';
import { ambientEnvironment, withHomePaths } from './services.js';

/**
 * `npm run dead-letters -- <service> list|replay …`: the command of the service, with the very variables and folders
 * the supervisor gives the service itself. Resolves with its exit code, which docs/runbooks/dead-letters.md lists.
 */
export function deadLetters(workspace: string, words: readonly string[]): Promise<number> {
  return exitCodeOf(terminalReporter, () => runCommand(workspace, words));
}

async function runCommand(workspace: string, [name, ...words]: readonly string[]): Promise<number> {
  const service = serviceNames.find((each) => each === name);
  if (!service) {
    terminalReporter.failure(
      'Say which service, and what to do with its dead letters:\n' +
        `npm run dead-letters -- ${serviceNames.join('|')} list [--replayed] | replay <id> | replay --all`,
    );
    return 2;
  }
  const environment = readEnvironment(workspace, process.env);
  const home = openHome(chooseHome(workspace, environment['CAPSULE_HOME']));
  const source = withHomePaths(environment, home, workspace);
  const environmentOf = appEnvironments[service];
  const { database } = loadEnvironment(
    { name: service, variables: { database: environmentOf.variables.database } },
    source,
  );
  // The command itself would wait for it for a long time, without a word.
  const isAddress = !database.host.startsWith('/');
  if (isAddress && !(await isListening(database.host, database.port))) {
    const place = `${database.host}:${database.port}`;
    throw new Error(
      `The database of ${service} does not listen on ${place}. Start the platform first (npm start).`,
    );
  }
  const program = join(workspace, 'apps', service, 'dist/command.js');
  const child = spawn(process.execPath, [program, 'dead-letters', ...words], {
    cwd: workspace,
    env: { ...ambientEnvironment(source), ...pickEnvironment(environmentOf, source) },
    stdio: 'inherit',
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return code ?? 1;
}
