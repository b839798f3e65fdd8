/**
 * An authenticated GET through gateway, NATS, service and Postgres against a hand-written pair of processes that does
 * the same (tools/bench/baseline). Both use the same Postgres, Redis and role; the pair has a NATS server of its own
 * with the same users and permissions, because its service answers the same subject. The runs alternate, so that
 * whatever else the machine does falls on both. Both are warm: a process that was just started compiles while it serves,
 * and at one request after the other that would take a good part of the measured time.
 */
import { isDeepStrictEqual } from 'node:util';
import autocannon from 'autocannon';
import type { projectCreate, ResponseOf } from '@capsule/contracts';
import type { Api } from '../api/api.js';
import { startBaseline } from './baseline.js';
import { atLeastRatio, median, type Row } from './row.js';
import type { PrivatePlatform } from '../supervisor/private-platform.js';

const LEAST_RATIO = 0.6;
const CONNECTIONS = [1, 64];
const ROUNDS = 3;
const ROUND_SECONDS = 4;
const WARM_UP_SECONDS = 6;
const WARM_UP_CONNECTIONS = 64;

export async function measureHttpRatio(
  running: PrivatePlatform,
  api: Api,
  accessToken: string,
): Promise<Row[]> {
  const project = await api.post<ResponseOf<typeof projectCreate>>('/v1/projects', { name: 'Bench' });
  const baseline = await startBaseline(running);
  try {
    const path = `/v1/projects/${project.id}`;
    const urls = { platform: running.gatewayUrl + path, baseline: baseline.url + path };
    await assertEqualBodies(urls, accessToken);
    for (const url of Object.values(urls)) await load(url, WARM_UP_CONNECTIONS, WARM_UP_SECONDS, accessToken);
    const rows: Row[] = [];
    for (const connections of CONNECTIONS) rows.push(await compare(urls, connections, accessToken));
    return rows;
  } finally {
    await baseline.stop();
  }
}

type Urls = Record<'platform' | 'baseline', string>;

async function compare(urls: Urls, connections: number, accessToken: string): Promise<Row> {
  const measured = { platform: [] as number[], baseline: [] as number[] };
  for (let round = 0; round < ROUNDS; round += 1) {
    measured.platform.push(await load(urls.platform, connections, ROUND_SECONDS, accessToken));
    measured.baseline.push(await load(urls.baseline, connections, ROUND_SECONDS, accessToken));
  }
  const name = `GET /v1/projects/{id}, ${connections} connection${connections === 1 ? '' : 's'}`;
  return atLeastRatio(name, median(measured.platform), median(measured.baseline), 'req/s', LEAST_RATIO);
}

/** Requests a second. Throws when a single one was not answered by 200: the figure would be of something else. */
async function load(url: string, connections: number, seconds: number, accessToken: string): Promise<number> {
  const headers = { authorization: `Bearer ${accessToken}` };
  const result = await autocannon({ url, connections, duration: seconds, headers });
  if (result.non2xx > 0 || result.errors > 0) {
    throw new Error(`${url}: ${result.non2xx} answers were not 2xx and ${result.errors} requests failed`);
  }
  return result['2xx'] / result.duration;
}

async function assertEqualBodies(urls: Urls, accessToken: string): Promise<void> {
  const [platform, baseline] = await Promise.all(
    [urls.platform, urls.baseline].map(async (url) => {
      const response = await fetch(url, { headers: { authorization: `Bearer ${accessToken}` } });
      return { status: response.status, body: await response.json() };
    }),
  );
  if (platform?.status !== 200 || !isDeepStrictEqual(platform, baseline)) {
    throw new Error(
      `the two answer differently: ${JSON.stringify(platform)} and ${JSON.stringify(baseline)}`,
    );
  }
}
