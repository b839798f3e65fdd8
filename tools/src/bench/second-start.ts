/**
 * The platform stopped and started again on the data it has: from the first process to the readiness of all five services.
 * What npm and the check of the build take before that is not in it.
 */
import type { PrivatePlatform } from '../supervisor/private-platform.js';
import { atMost, median, type Row } from './row.js';

const ROUNDS = 3;
const LIMIT_SECONDS = 15;

export async function measureSecondStart(running: PrivatePlatform): Promise<Row[]> {
  const seconds: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) seconds.push(await running.startAgain());
  return [atMost('second start of the whole platform to ready', median(seconds), 's', LIMIT_SECONDS)];
}
