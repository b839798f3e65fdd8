/** From the start of a service's process to its readiness, while its servers run and the other services too. */
import { serviceNames } from '@capsule/contracts';
import type { PrivatePlatform } from '../supervisor/private-platform.js';
import { atMost, median, type Row } from './row.js';

const ROUNDS = 3;
const LIMIT_SECONDS = 1.5;

export async function measureColdStarts({ platform }: PrivatePlatform): Promise<Row[]> {
  const rows: Row[] = [];
  for (const app of [...serviceNames, 'gateway'] as const) {
    const service = platform.processes.find((each) => each.name === app);
    if (!service) throw new Error(`${app} is not part of the platform`);
    const seconds: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      await service.stop();
      const startedAt = performance.now();
      await service.start();
      seconds.push((performance.now() - startedAt) / 1000);
    }
    rows.push(atMost(`cold start of ${app} to ready`, median(seconds), 's', LIMIT_SECONDS));
  }
  return rows;
}
