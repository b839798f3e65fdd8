import 'reflect-metadata';
import { Controller, Get, Injectable } from '@nestjs/common';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { HealthModule } from './health.module.js';
import type { Indicator } from './indicator.js';
import { guardOperatorRoutes } from './operator-routes.js';
import { ShutdownState } from './shutdown-state.js';

const TOKEN = 'the-operator-token-of-this-spec';
const operator = { authorization: `Bearer ${TOKEN}` };

@Injectable()
class DatabaseIndicator implements Indicator {
  readonly name = 'database';
  check = async () => ({ up: true, detail: 'nine of ten connections are in use' });
}

@Controller('operations/tables/:name')
class OperationsController {
  @Get()
  read() {
    return { rows: 7 };
  }
}

let app: NestFastifyApplication;

beforeAll(async () => {
  const module = await Test.createTestingModule({
    imports: [HealthModule.forApp({ indicators: [DatabaseIndicator] })],
    controllers: [OperationsController],
  }).compile();
  app = module.createNestApplication<NestFastifyApplication>(new FastifyAdapter(), { logger: false });
  const fastify = app.getHttpAdapter().getInstance();
  guardOperatorRoutes(fastify, { token: TOKEN });
  await app.init();
  await fastify.ready();
  app.get(ShutdownState).serving();
});
afterAll(() => app?.close());

const get = (url: string, headers = {}) => app.inject({ url, headers });

const strangers: [string, Record<string, string>, string][] = [
  ['no token', {}, 'platform.operator.token_missing'],
  ['an empty token', { authorization: 'Bearer ' }, 'platform.operator.token_missing'],
  ['another scheme', { authorization: `Basic ${TOKEN}` }, 'platform.operator.token_missing'],
  ['another token', { authorization: 'Bearer another-token' }, 'platform.operator.token_refused'],
  ['a truncated token', { authorization: `Bearer ${TOKEN.slice(0, -1)}` }, 'platform.operator.token_refused'],
  ['a longer token', { authorization: `Bearer ${TOKEN}x` }, 'platform.operator.token_refused'],
];

describe.each(['/metrics', '/metrics?name=x', '/operations/tables/users'])('%s', (url) => {
  it('answers an operator', async () => {
    expect((await get(url, operator)).statusCode).toBe(200);
    expect((await get(url, { authorization: `bearer ${TOKEN}` })).statusCode).toBe(200);
  });

  it.each(strangers)(
    'refuses %s with 401, and says so as every other problem is told',
    async (_, headers, code) => {
      const response = await get(url, headers);
      expect(response.statusCode).toBe(401);
      expect(response.headers).toMatchObject({
        'content-type': expect.stringContaining('application/problem+json'),
        'www-authenticate': 'Bearer',
      });
      const instance = url.replace(/\?.*/, '');
      expect(response.json()).toMatchObject({ status: 401, code, instance });
      expect(response.body).not.toContain(TOKEN.slice(0, -1));
    },
  );

  it('refuses those who ask for the headers alone', async () => {
    expect((await app.inject({ method: 'HEAD', url })).statusCode).toBe(401);
  });
});

describe('/health/ready', () => {
  it.each(strangers)('tells the status, and nothing else, to who brings %s', async (_, headers) => {
    const ready = await get('/health/ready', headers);
    expect([ready.statusCode, ready.json()]).toEqual([200, { status: 'ok' }]);
  });

  it('tells a balancer that it is not ready, and an operator why', async () => {
    app.get(ShutdownState).draining();
    const stranger = await get('/health/ready');
    expect([stranger.statusCode, stranger.json()]).toEqual([503, { status: 'error' }]);
    const told = await get('/health/ready', operator);
    expect([told.statusCode, told.json()]).toMatchObject([
      503,
      { details: { process: { phase: 'draining' }, database: { status: 'up' } } },
    ]);
  });
});

it.each(['/health/live', '/health/startup'])('%s is open to everybody', async (url) => {
  expect((await get(url)).statusCode).toBe(200);
});
