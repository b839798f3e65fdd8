import pg from 'pg';
import { createTestDatabase } from './database.js';

const INSUFFICIENT_PRIVILEGE = '42501';

describe('createTestDatabase', () => {
  it('gives everybody a migrated database of their own, however many ask at once', async () => {
    const databases = await Promise.all([1, 2, 3].map(() => createTestDatabase('deploy')));
    const names = databases.map((each) => each.settings.name);
    expect(new Set(names).size).toBe(3);
    for (const each of databases) {
      const { rows } = await each.asSuperuser((client) =>
        client.query("SELECT current_database() AS name, to_regclass('outbox') IS NOT NULL AS migrated"),
      );
      expect(rows).toEqual([{ name: each.settings.name, migrated: true }]);
    }
    await Promise.all(databases.map((each) => each.close()));
  });

  it('is as closed as a real one: another role of the cluster cannot enter', async () => {
    const database = await createTestDatabase('deploy');
    const { host, port, name } = database.settings;
    await database.asSuperuser((client) =>
      client.query("CREATE ROLE test_stranger LOGIN PASSWORD 'stranger'"),
    );
    const stranger = new pg.Client({
      host,
      port,
      database: name,
      user: 'test_stranger',
      password: 'stranger',
    });
    await expect(stranger.connect()).rejects.toMatchObject({ code: INSUFFICIENT_PRIVILEGE });
    await database.asSuperuser((client) => client.query('DROP ROLE test_stranger'));
    await database.close();
  });

  it('drops the database, also from under an open connection', async () => {
    const database = await createTestDatabase('deploy');
    const open = new pg.Client({ ...database.owner, database: database.owner.name });
    open.on('error', () => undefined);
    await open.connect();
    await database.close();
    await expect(database.asSuperuser((client) => client.query('SELECT 1'))).rejects.toThrow(
      'does not exist',
    );
  });
});
