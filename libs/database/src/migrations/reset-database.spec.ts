import { createTestDatabase, type TestDatabase } from '@capsule/testing';
import { migrationsFolder } from './migration-files.js';
import { Migrator } from './migrator.js';
import { resetDatabase } from './reset-database.js';

describe('resetDatabase', () => {
  let test: TestDatabase;
  beforeAll(async () => (test = await createTestDatabase('monitor')));
  afterAll(() => test.close());

  it('leaves nothing that migrations made, in any schema, and a database that they can make again', async () => {
    await test.asSuperuser((client) =>
      client.query(
        'CREATE SCHEMA tenant_1 AUTHORIZATION monitor_owner; CREATE TABLE tenant_1.t (); CREATE TABLE of_superuser ();',
      ),
    );
    await resetDatabase(test.owner, 1_000);
    const { rows } = await test.asSuperuser((client) =>
      client.query(
        `SELECT relname::text AS name FROM pg_class WHERE relnamespace IN ('public'::regnamespace, to_regnamespace('tenant_1'))
         UNION ALL SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace`,
      ),
    );
    expect(rows).toEqual([{ name: 'of_superuser' }]);
    await test.asSuperuser((client) => client.query('DROP TABLE of_superuser'));
    const migrator = new Migrator(test.owner, migrationsFolder('monitor'));
    expect((await migrator.migrate()).length).toBeGreaterThan(1);
    expect(await migrator.validate()).toEqual([]);
  });
});
