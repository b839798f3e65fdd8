import type { SeedApp } from '@capsule/contracts';
import { busynessAt, dayName, namedUuid, SeededRandom } from '@capsule/database';

export interface PastSample {
  deploymentId: string;
  instanceId: string;
  sampledAt: Date;
  /** Since the instance began. */
  cpuSecondsTotal: number;
  memoryBytes: number;
}

/** A day of an app: what was measured, and what that comes to. */
export interface PastDay {
  start: Date;
  end: Date;
  samples: PastSample[];
  /** Decimals, as usage is reported. */
  cpuSeconds: string;
  memoryGibHours: string;
}

const STEP_SECONDS = 1_800;
const STEP_MS = STEP_SECONDS * 1000;
const DAY_MS = 86_400_000;
const GIBIBYTE = 2 ** 30;

/** Shares of the peak, and of the memory that the app may hold. */
const IDLE_CORES = 0.08;
const IDLE_MEMORY = 0.35;
const BUSY_MEMORY = 0.25;
const QUANTITY_DECIMALS = 9;

/** The load of an app while one of its past deployments was in service: by day and night, weekday and weekend. */
export function* loadOf(app: SeedApp, days: readonly Date[]): Generator<PastDay> {
  const live = app.deployments.filter(({ outcome }) => outcome === 'live');
  const cpuTotals = new Map<string, number>();
  for (const start of days) {
    const random = new SeededRandom('load', app.id, dayName(start));
    const end = new Date(start.getTime() + DAY_MS);
    const samples: PastSample[] = [];
    let [cpuSeconds, byteSeconds] = [0, 0];
    for (let time = start.getTime(); time < end.getTime(); time += STEP_MS) {
      const busyness = busynessAt(new Date(time)) * random.around(1, 0.15);
      const deployment = live.findLast(({ requestedAt }) => Date.parse(requestedAt) < time);
      if (!deployment) continue;
      const growth = app.peakCores * Math.max(busyness, IDLE_CORES) * STEP_SECONDS;
      const total = (cpuTotals.get(deployment.id) ?? 0) + growth;
      cpuTotals.set(deployment.id, total);
      const share = Math.min(IDLE_MEMORY + BUSY_MEMORY * busyness, 0.95);
      const memoryBytes = Math.round(app.memoryLimitBytes * share);
      samples.push({
        deploymentId: deployment.id,
        instanceId: namedUuid('instance', deployment.id),
        sampledAt: new Date(time),
        cpuSecondsTotal: total,
        memoryBytes,
      });
      cpuSeconds += growth;
      byteSeconds += memoryBytes * STEP_SECONDS;
    }
    yield {
      start,
      end,
      samples,
      cpuSeconds: cpuSeconds.toFixed(QUANTITY_DECIMALS),
      memoryGibHours: (byteSeconds / GIBIBYTE / 3_600).toFixed(QUANTITY_DECIMALS),
    };
  }
}
