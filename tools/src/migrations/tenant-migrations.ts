import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { pickEnvironment, provisionerEnvironment } from '@capsule/config';
import { ambientEnvironment } from '../supervisor/services.js';
import { TENANTS } from './arguments.js';

/**
 * Hands a request for the tenants' schemas on to monitor, which knows its tenants: `command.js tenants <verb> …` with the
 * options as they came. It prints for itself.
 * @returns its exit code
 */
export async function migrateTenants(
  workspace: string,
  words: readonly string[],
  source: NodeJS.ProcessEnv,
): Promise<number> {
  const program = join(workspace, 'apps/monitor/dist/command.js');
  const others = words.filter((word) => word !== TENANTS);
  const child = spawn(process.execPath, [program, TENANTS, ...others], {
    cwd: workspace,
    env: { ...ambientEnvironment(source), ...pickEnvironment(provisionerEnvironment, source) },
    stdio: 'inherit',
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return code ?? 1;
}
