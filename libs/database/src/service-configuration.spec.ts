import { createTestDatabase, type TestDatabase } from '@capsule/testing';
import pg from 'pg';
import { migrationsFolder } from './migrations/migration-files.js';
import { Migrator } from './migrations/migrator.js';

describe('service_configuration', () => {
  describe.each(['auth', 'billing', 'deploy', 'monitor'] as const)('of %s', (service) => {
    it('has the newest version, since when there is a database, and settings the service may change', async () => {
      const test = await createTestDatabase(service);
      const versions = (await new Migrator(test.owner, migrationsFolder(service)).info()).map(
        ({ version }) => version,
      );
      const app = new pg.Client({ ...test.settings, database: test.settings.name });
      await app.connect();
      await app.query(`UPDATE service_configuration SET settings = settings || '{"theme": "dark"}'`);
      const { rows } = await app.query('SELECT * FROM service_configuration');
      await app.end();
      await test.close();
      expect(rows).toEqual([
        {
          service,
          settings: { theme: 'dark' },
          schema_version: versions.at(-1),
          initialised_at: expect.any(Date),
        },
      ]);
    });
  });

  describe('has the version that the history says', () => {
    let test: TestDatabase;
    let owner: pg.Client;
    beforeAll(async () => {
      test = await createTestDatabase('auth');
      owner = new pg.Client({ ...test.owner, database: test.owner.name });
      await owner.connect();
    });
    beforeEach(() => owner.query('BEGIN'));
    afterEach(() => owner.query('ROLLBACK'));
    afterAll(async () => {
      await owner.end();
      await test.close();
    });

    const enter = (version: string, type = 'SQL', success = true) =>
      owner.query(
        `INSERT INTO flyway_schema_history
           (installed_rank, version, description, type, script, installed_by, execution_time, success)
         SELECT max(installed_rank) + 1, $1, 'spec', $2, 'spec.sql', current_user, 0, $3 FROM flyway_schema_history`,
        [version, type, success],
      );
    const version = async () => {
      const { rows } = await owner.query('SELECT schema_version FROM service_configuration');
      return rows[0].schema_version as string;
    };

    it('after a file in order, with numbers compared as numbers', async () => {
      await enter('9.9.0');
      await enter('9.10.0');
      expect(await version()).toBe('9.10.0');
    });

    it('after a file out of order: still the highest', async () => {
      await enter('9.0.0');
      await enter('8.5.0');
      expect(await version()).toBe('9.0.0');
    });

    it('after an undo, and after the same file again', async () => {
      await enter('9.0.0');
      await enter('9.1.0');
      await enter('9.1.0', 'UNDO_SQL');
      expect(await version()).toBe('9.0.0');
      await enter('9.1.0');
      expect(await version()).toBe('9.1.0');
    });

    it('not after a file that failed; but when it is repaired and was recorded as done', async () => {
      await enter('9.0.0');
      await enter('9.1.0', 'SQL', false);
      expect(await version()).toBe('9.0.0');
      await owner.query("UPDATE flyway_schema_history SET success = true WHERE version = '9.1.0'");
      expect(await version()).toBe('9.1.0');
      await owner.query("DELETE FROM flyway_schema_history WHERE version = '9.1.0'");
      expect(await version()).toBe('9.0.0');
    });

    it('after a baseline, and after a repair that marks a file as deleted', async () => {
      await enter('9.0.0', 'BASELINE');
      expect(await version()).toBe('9.0.0');
      await enter('9.1.0');
      await enter('9.1.0', 'DELETE');
      expect(await version()).toBe('9.0.0');
    });

    it('whatever a repeatable file does, which has none', async () => {
      await enter('9.0.0');
      await owner.query(
        `INSERT INTO flyway_schema_history
           (installed_rank, description, type, script, installed_by, execution_time, success)
         VALUES (999, 'spec', 'SQL', 'R__spec.sql', current_user, 0, true)`,
      );
      expect(await version()).toBe('9.0.0');
    });
  });
});
