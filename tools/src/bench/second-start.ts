/**
 * `npm start -- --detach` on a platform that was used and stopped: from the command to its exit, so with npm, the check of
 * the build, and the demo app's answer, which the command waits for. In a copy of the checkout with a `.env`, ports and
 * data of its own.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { chooseHome } from '../supervisor/home.js';
import { portVariables } from '../supervisor/private-platform.js';
import { ambientEnvironment } from '../supervisor/services.js';
import { copyWorkspace } from '../workspace/scratch-workspace.js';
import { atMost, median, type Row } from './row.js';

const ROUNDS = 3;
const LIMIT_SECONDS = 15;

export async function measureSecondStart(workspace: string, firstPort: number): Promise<Row[]> {
  const copy = copyWorkspace(workspace);
  for (const name of ['examples', 'package-lock.json']) {
    cpSync(join(workspace, name), join(copy.path, name), { recursive: true, preserveTimestamps: true });
  }
  const home = join(chooseHome(workspace, process.env['CAPSULE_HOME']), 'bench-second-start');
  rmSync(home, { recursive: true, force: true });
  const environment = {
    ...ambientEnvironment(process.env),
    ...portVariables(firstPort),
    CAPSULE_HOME: home,
  };
  const npm = (...words: string[]) => succeed(copy.path, environment, words);
  try {
    await npm('start', '--', '--detach');
    await npm('stop');
    const seconds: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const startedAt = performance.now();
      await npm('start', '--', '--detach');
      seconds.push((performance.now() - startedAt) / 1_000);
      await npm('stop');
    }
    return [atMost('second npm start -- --detach, to its exit', median(seconds), 's', LIMIT_SECONDS)];
  } finally {
    await npm('stop');
    rmSync(home, { recursive: true });
    copy.remove();
  }
}

/** @throws Error with what the command printed unless it ends with 0 */
async function succeed(cwd: string, env: NodeJS.ProcessEnv, words: string[]): Promise<void> {
  // What it leaves running must not hold a pipe of ours open, so its end is waited for, not that of its output.
  const child = spawn('npm', words, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`npm ${words.join(' ')} ended with ${code}:\n${(await output).join('')}`);
}
