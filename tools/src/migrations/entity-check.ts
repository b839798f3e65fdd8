import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { join, resolve } from 'node:path';
import {
  type Environment,
  EnvironmentError,
  loadEnvironment,
  pickEnvironment,
  type VariableGroup,
} from '@capsule/config';
import { appEnvironments } from '../supervisor/platform-settings.js';
import { ambientEnvironment } from '../supervisor/services.js';
import type { Service } from './service-database.js';
import type { Verdict } from './validation-checks.js';

const workspace = resolve(import.meta.dirname, '../../..');

/**
 * What the database has otherwise than the entities of the service say, asked of the service's own command `drift`.
 * An operator may have the owner's credentials alone. Then this is skipped, and says so: that the entities are of the
 * migrations is proven by `npm run check`, and that the database is of the migrations by the check before.
 */
export async function findEntityDrift(service: Service, source: NodeJS.ProcessEnv): Promise<Verdict> {
  try {
    loadEnvironment(appEnvironments[service] as Environment<VariableGroup>, source);
  } catch (error) {
    if (!(error instanceof EnvironmentError)) throw error;
    return { findings: [], skipped: 'the settings of the service are not here' };
  }
  const child = spawn(process.execPath, [join(workspace, `apps/${service}/dist/command.js`), 'drift'], {
    cwd: workspace,
    env: { ...ambientEnvironment(source), ...pickEnvironment(appEnvironments[service], source) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<number | null>((done) => child.once('close', done));
  const [output, errors, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  if (code === 0) return { findings: [] };
  const lines = (output.trim() || errors.trim()).split('\n');
  return { findings: output.trim() === '' ? [`not compared: ${lines.at(-1)}`] : lines };
}
