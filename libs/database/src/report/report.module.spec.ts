import { type INestApplication, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { createTestDatabase, type TestDatabase } from '@capsule/testing';
import { DatabaseModule } from '../database.module.js';
import { DatabaseReportModule } from './report.module.js';

const TOKEN = 'the-operator-token-of-this-spec';

describe("the operators' route to the report", () => {
  let test: TestDatabase;
  const apps: INestApplication[] = [];

  async function serve(
    token: string | undefined,
  ): Promise<(headers?: Record<string, string>) => Promise<Response>> {
    @Module({
      imports: [
        DatabaseModule.forService(test.settings, { entities: [] }),
        DatabaseReportModule.forService('auth', { token }),
      ],
    })
    class ServiceModule {}
    const app = await NestFactory.create(ServiceModule, new FastifyAdapter(), {
      logger: false,
      abortOnError: false,
    });
    await app.listen(0, '127.0.0.1');
    apps.push(app);
    const url = `${await app.getUrl()}/operations/database`;
    return (headers) => fetch(url, { headers });
  }

  let ask: Awaited<ReturnType<typeof serve>>;
  beforeAll(async () => {
    test = await createTestDatabase('auth');
    ask = await serve(TOKEN);
  });
  afterAll(async () => {
    for (const app of apps) await app.close();
    await test?.close();
  });

  it('answers it to who has the token, as the service sees it', async () => {
    const response = await ask({ authorization: `Bearer ${TOKEN}` });
    expect([response.status, response.headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect(await response.json()).toMatchObject({
      database: test.settings.name,
      readAs: test.settings.user,
      sections: { migrations: { figures: { open: [] } } },
    });
  });

  it.each<[string, Record<string, string>, number, string]>([
    ['no token', {}, 401, 'platform.operator.token_missing'],
    ['another scheme', { authorization: `Basic ${TOKEN}` }, 401, 'platform.operator.token_missing'],
    ['another token', { authorization: 'Bearer another-token' }, 403, 'platform.operator.token_refused'],
    ['a longer token', { authorization: `Bearer ${TOKEN}x` }, 403, 'platform.operator.token_refused'],
  ])('refuses %s, and says so as every other problem is told', async (_, headers, status, code) => {
    const response = await ask(headers);
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toContain('application/problem+json');
    expect(await response.json()).toMatchObject({ status, code, instance: '/operations/database' });
  });

  it('is not there while no token is configured', async () => {
    const askWithout = await serve(undefined);
    expect((await askWithout({ authorization: `Bearer ${TOKEN}` })).status).toBe(404);
    expect((await askWithout({ authorization: 'Bearer undefined' })).status).toBe(404);
  });
});
