/** `npm run db:migrate:all` when there is nothing to do: what everybody waits for before anything starts. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { PrivatePlatform } from '../supervisor/private-platform.js';
import { atMost, median, type Row } from './row.js';

const ROUNDS = 3;
const LIMIT_SECONDS = 3;

export async function measureIdleMigration({ source }: PrivatePlatform, workspace: string): Promise<Row[]> {
  const seconds: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const startedAt = performance.now();
    const child = spawn('npm', ['run', '--silent', 'db:migrate:all'], {
      cwd: workspace,
      env: { ...process.env, ...source },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const [code] = (await once(child, 'close')) as [number | null];
    if (code !== 0) throw new Error(`npm run db:migrate:all ended with ${code}`);
    seconds.push((performance.now() - startedAt) / 1_000);
  }
  return [atMost('npm run db:migrate:all, nothing to do, wall clock', median(seconds), 's', LIMIT_SECONDS)];
}
