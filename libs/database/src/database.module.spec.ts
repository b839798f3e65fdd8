import { Test } from '@nestjs/testing';
import { createTestDatabase, type TestDatabase } from '@capsule/testing';
import { DataSource } from 'typeorm';
import { Database } from './database.js';
import { DatabaseIndicator } from './database-indicator.js';
import { DatabaseModule } from './database.module.js';
import { MigrationsIndicator } from './migrations/migrations-indicator.js';

describe('DatabaseModule', () => {
  let test: TestDatabase;
  afterEach(() => test.close());

  const start = () =>
    Test.createTestingModule({
      imports: [DatabaseModule.forService(test.settings, { entities: [] })],
      providers: [DatabaseIndicator, MigrationsIndicator],
    }).compile();

  it('gives a service its database and indicators, and ends the pool on shutdown', async () => {
    test = await createTestDatabase('billing');
    const app = await start();
    expect(await app.get(DatabaseIndicator).check()).toEqual({ up: true });
    expect(await app.get(MigrationsIndicator).check()).toEqual({ up: true });
    await app.close();
    expect(app.get(DataSource).isInitialized).toBe(false);
    expect(await app.get(DatabaseIndicator).check()).toMatchObject({ up: false });
    await expect(app.get(Database).close()).resolves.toBeUndefined();
  });

  it('never alters the schema: not even an extension that an entity could want', async () => {
    test = await createTestDatabase('billing', { isMigrated: false });
    await test.asSuperuser((client) => client.query(`GRANT USAGE ON SCHEMA public TO billing_user`));
    const app = await start();
    const objects = await test.asSuperuser((client) =>
      client.query("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"),
    );
    expect(objects.rows).toEqual([]);
    await app.close();
  });

  it('is not ready while a migration of its release is not applied', async () => {
    test = await createTestDatabase('billing');
    await test.asSuperuser(async (client) => {
      await client.query("DELETE FROM flyway_schema_history WHERE version = '1.0.0'");
    });
    const app = await start();
    const { up, detail } = await app.get(MigrationsIndicator).check();
    expect({ up, detail }).toEqual({ up: false, detail: 'not applied: V1.0.0__Initial_setup.sql' });
    await app.close();
  });
});
