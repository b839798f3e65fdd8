import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import type { keySetGet, ResponseOf } from '@capsule/contracts';
import { natsServer } from '../supervisor/servers/nats.js';
import { ManagedProcess } from '../supervisor/managed-process.js';
import { openHome } from '../supervisor/home.js';
import type { PrivatePlatform } from '../supervisor/private-platform.js';

export interface Baseline {
  url: string;
  stop(): Promise<void>;
}

const folder = resolve(import.meta.dirname, '../../bench/baseline');
const HTTP_OFFSET = 1_000;
const NATS_OFFSET = 1_001;
/** Far above what a run can send: the limit is taken from Redis on each request, and never reached. */
const LIMIT = 100_000_000;

/** Starts the hand-written pair and its NATS server beside a running platform. */
export async function startBaseline(running: PrivatePlatform): Promise<Baseline> {
  const { settings, gatewayUrl } = running;
  const port = Number(new URL(gatewayUrl).port) + HTTP_OFFSET;
  const natsPort = Number(new URL(gatewayUrl).port) + NATS_OFFSET;
  const bus = await startBus(running, natsPort);
  const keys = (await (await fetch(`${gatewayUrl}/.well-known/jwks.json`)).json()) as ResponseOf<
    typeof keySetGet
  >;
  const { password } = settings.redis;
  const cluster = settings.clusters.deploy;
  const natsUrl = `nats://127.0.0.1:${natsPort}`;
  const processes: ChildProcess[] = [];
  const stop = async () => {
    await Promise.all(processes.map(end));
    await bus.stop();
  };
  try {
    const database = { host: '127.0.0.1', port: cluster.port, database: cluster.database, ...cluster.app };
    const natsPassword = settings.nats.passwords;
    processes.push(await startHalf('service', { natsUrl, natsPassword: natsPassword.deploy, database }));
    const redis = { host: '127.0.0.1', port: settings.redis.port, password };
    const gateway = {
      natsUrl,
      natsPassword: natsPassword.gateway,
      redis,
      jwk: keys.keys[0],
      port,
      limit: LIMIT,
    };
    processes.push(await startHalf('gateway', gateway));
    return { url: `http://127.0.0.1:${port}`, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The same server with the same users and permissions as the platform's. */
async function startBus({ home, settings }: PrivatePlatform, port: number): Promise<ManagedProcess> {
  const own = openHome(join(home.path, 'baseline'));
  const definition = natsServer(own, { ...settings.nats, port, variable: 'the benchmark' });
  const bus = new ManagedProcess(definition, own);
  await bus.start();
  return bus;
}

async function startHalf(name: 'gateway' | 'service', settings: object): Promise<ChildProcess> {
  const child = spawn(process.execPath, [join(folder, `${name}.mjs`)], {
    env: { PATH: process.env['PATH'], BENCH_BASELINE: JSON.stringify(settings) },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const ended = once(child, 'exit').then(() => {
    throw new Error(`the baseline's ${name} ended at once`);
  });
  await Promise.race([once(child, 'message'), ended]);
  ended.catch(() => undefined);
  return child;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}
