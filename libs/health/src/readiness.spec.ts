import 'reflect-metadata';
import { Injectable } from '@nestjs/common';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { HealthModule } from './health.module.js';
import type { Indicator } from './indicator.js';
import { ShutdownState } from './shutdown-state.js';

const outcomes = { database: async () => ({ up: true }), redis: async () => ({ up: true }) } as Record<
  'database' | 'redis',
  Indicator['check']
>;

@Injectable()
class DatabaseIndicator implements Indicator {
  readonly name = 'database';
  check = () => outcomes.database();
}

@Injectable()
class RedisIndicator implements Indicator {
  readonly name = 'redis';
  readonly optional = true;
  check = () => outcomes.redis();
}

let app: NestFastifyApplication;
let state: ShutdownState;

beforeEach(async () => {
  outcomes.database = async () => ({ up: true });
  outcomes.redis = async () => ({ up: true, detail: 'empty' });
  const module = await Test.createTestingModule({
    imports: [HealthModule.forApp({ indicators: [DatabaseIndicator, RedisIndicator] })],
  }).compile();
  app = module.createNestApplication<NestFastifyApplication>(new FastifyAdapter(), { logger: false });
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
  state = app.get(ShutdownState);
});
afterEach(() => app.close());

async function ask(path: string) {
  const response = await app.inject(path);
  return { status: response.statusCode, body: response.json() };
}

describe('Health', () => {
  it('is alive at once, but started and ready only when the process serves', async () => {
    expect((await ask('/health/live')).status).toBe(200);
    expect((await ask('/health/startup')).status).toBe(503);
    expect((await ask('/health/ready')).status).toBe(503);
    state.serving();
    expect((await ask('/health/startup')).status).toBe(200);
    expect((await ask('/health/ready')).status).toBe(200);
  });

  it('never becomes ready again once it drains', async () => {
    state.serving();
    state.draining();
    state.serving();
    const { status, body } = await ask('/health/ready');
    expect(status).toBe(503);
    expect(body.details.process).toEqual({ status: 'down', phase: 'draining' });
    expect((await ask('/health/live')).status).toBe(200);
    expect((await ask('/health/startup')).status).toBe(200);
  });

  it('tells the state of each dependency', async () => {
    state.serving();
    const { body } = await ask('/health/ready');
    expect(body.details).toMatchObject({
      process: { status: 'up' },
      database: { status: 'up' },
      redis: { status: 'up', detail: 'empty' },
    });
  });

  it.each<[string, Indicator['check']]>([
    ['says so', async () => ({ up: false, detail: 'too many connections' })],
    ['throws', () => Promise.reject(new Error('connect ECONNREFUSED'))],
  ])('is not ready while a dependency %s, and tells which', async (_name, check) => {
    state.serving();
    outcomes.database = check;
    const { status, body } = await ask('/health/ready');
    expect(status).toBe(503);
    expect(Object.keys(body.error)).toEqual(['database']);
    expect(body.error.database.message).toMatch(/connect/);
    expect((await ask('/health/live')).status).toBe(200);
  });

  it('is not ready while a dependency does not answer', async () => {
    state.serving();
    outcomes.database = () => new Promise(() => undefined);
    const startedAt = performance.now();
    expect((await ask('/health/ready')).status).toBe(503);
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });

  it('stays ready, degraded, without a dependency it can do without', async () => {
    state.serving();
    outcomes.redis = async () => ({ up: false, detail: 'away' });
    const { status, body } = await ask('/health/ready');
    expect(status).toBe(200);
    expect(body.status).toBe('degraded');
    expect(body.details.redis).toMatchObject({ status: 'degraded', message: 'away' });
  });

  it('shows no password a driver quotes', async () => {
    state.serving();
    outcomes.database = () => Promise.reject(new Error('postgres://u:hunter2@h/db refused'));
    expect(JSON.stringify((await ask('/health/ready')).body)).not.toContain('hunter2');
  });

  it('spares a dependency the probes that come together', async () => {
    state.serving();
    let checks = 0;
    outcomes.database = async () => {
      checks += 1;
      return { up: true };
    };
    await Promise.all(Array.from({ length: 20 }, () => ask('/health/ready')));
    expect(checks).toBe(1);
  });

  it('serves metrics as Prometheus reads them', async () => {
    const response = await app.inject('/metrics');
    expect(response.statusCode).toBe(200);
    expect(response.headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/);
  });
});
