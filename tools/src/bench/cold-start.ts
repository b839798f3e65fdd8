/** From the start of a service's process to its readiness, while its servers run and the other services too. */
import { serviceNames } from '@capsule/contracts';
import type { PrivatePlatform } from '../supervisor/private-platform.js';
import { atMost, median, type Row, told } from './row.js';

const ROUNDS = 3;
const LIMIT_SECONDS = 1.5;

export async function measureColdStarts({ platform }: PrivatePlatform): Promise<Row[]> {
  const rows: Row[] = [];
  for (const app of [...serviceNames, 'gateway'] as const) {
    rows.push(atMost(`cold start of ${app} to ready`, await startOf(platform, app), 's', LIMIT_SECONDS));
  }
  // No service, and nobody waits for it: the target is not its.
  return [
    ...rows,
    told('cold start of the provisioner to ready', await startOf(platform, 'provisioner'), 's'),
  ];
}

/** Seconds, the median of the rounds. */
async function startOf({ processes }: PrivatePlatform['platform'], name: string): Promise<number> {
  const process = processes.find((each) => each.name === name);
  if (!process) throw new Error(`${name} is not part of the platform`);
  const seconds: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    await process.stop();
    const startedAt = performance.now();
    await process.start();
    seconds.push((performance.now() - startedAt) / 1000);
  }
  return median(seconds);
}
