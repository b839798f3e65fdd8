import { type INestApplication, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { createTestDatabase, type TestDatabase } from '@capsule/testing';
import { DatabaseModule } from '../database.module.js';
import { DatabaseReportModule } from './report.module.js';

/** Who may ask is proved where it is decided, in libs/health. */
describe("the operators' route to the report", () => {
  let test: TestDatabase;
  let app: INestApplication;

  beforeAll(async () => {
    test = await createTestDatabase('auth');
    @Module({
      imports: [
        DatabaseModule.forService(test.settings, { entities: [] }),
        DatabaseReportModule.forService('auth'),
      ],
    })
    class ServiceModule {}
    app = await NestFactory.create(ServiceModule, new FastifyAdapter(), {
      logger: false,
      abortOnError: false,
    });
    await app.listen(0, '127.0.0.1');
  });
  afterAll(async () => {
    await app?.close();
    await test?.close();
  });

  it('answers it as the service sees it', async () => {
    const response = await fetch(`${await app.getUrl()}/operations/database`);
    expect([response.status, response.headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect(await response.json()).toMatchObject({
      database: test.settings.name,
      readAs: test.settings.user,
      sections: { migrations: { figures: { open: [] } } },
    });
  });
});
