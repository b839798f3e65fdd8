import type { TestDatabase } from '@capsule/testing';
import type pg from 'pg';
import { createWholeDatabase } from './whole-database.fixture.js';

const INSUFFICIENT_PRIVILEGE = '42501';
const common = ['dead_letters', 'idempotent_requests', 'inbox', 'outbox'];
const historyOf = {
  auth: common,
  billing: [...common, 'usage_records'],
  deploy: ['deployment_transitions', ...common],
  monitor: ['activities', ...common],
};
/** What becomes of a row, beside the row itself: publishing, replaying, answering. */
const upkeep: Readonly<Record<string, string[]>> = {
  outbox: ['published_at', 'stream_sequence', 'attempts', 'next_attempt_at', 'last_error'],
  dead_letters: ['replayed_at'],
  idempotent_requests: ['response'],
};

describe.each(Object.entries(historyOf))('the history of %s', (name, historyTables) => {
  const service = name as keyof typeof historyOf;
  let test: TestDatabase;
  let superuser: pg.Client;
  beforeAll(async () => {
    test = await createWholeDatabase(service);
    superuser = await test.connectAsSuperuser();
  });
  afterAll(async () => {
    await superuser.end();
    await test.close();
  });

  const columnsOf = async (table: string) => {
    const { rows } = await superuser.query<{ name: string }>(
      'SELECT attname AS name FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped',
      [table],
    );
    return rows.map((row) => row.name);
  };
  /** Each statement by itself, as the role, after the grants; nothing of it stays. @returns those that were let through */
  const letThrough = async (role: string, grants: string, statements: string[]) => {
    const through: string[] = [];
    for (const statement of statements) {
      await superuser.query(`BEGIN; ${grants}; SET LOCAL ROLE ${role}`);
      const error = await superuser
        .query(statement)
        .catch((reason: { code: string; message: string }) => reason);
      if (!('code' in error) || error.code !== INSUFFICIENT_PRIVILEGE) through.push(statement);
      await superuser.query('ROLLBACK');
    }
    return through;
  };
  const rewrites = async (table: string) => {
    const columns = (await columnsOf(table)).filter((column) => !upkeep[table]?.includes(column));
    return [
      ...columns.map((column) => `UPDATE ${table} SET ${column} = NULL`),
      `DELETE FROM ${table}`,
      `TRUNCATE ${table}`,
    ];
  };

  it('is every table that is only added to', async () => {
    const { rows } = await superuser.query(
      `SELECT c.relname AS name FROM pg_class c JOIN pg_trigger t ON t.tgrelid = c.oid
       WHERE t.tgname = 'keep_history' AND t.tgenabled = 'O' ORDER BY 1`,
    );
    expect(rows.map((row) => row.name)).toEqual([...historyTables].sort());
  });

  it.each(historyTables)('%s can neither be rewritten nor deleted from by the service', async (table) => {
    const statements = await rewrites(table);
    expect(await letThrough(`${service}_user`, 'SELECT 1', statements)).toEqual([]);
  });

  it.each(historyTables)('%s stays so when a migration grants too much, and for the owner', async (table) => {
    const statements = await rewrites(table);
    const mistake = `GRANT ALL ON ${table} TO ${service}_user`;
    expect(await letThrough(`${service}_user`, mistake, statements)).toEqual([]);
    expect(await letThrough(`${service}_owner`, 'SELECT 1', statements)).toEqual([]);
  });

  it.each(historyTables.filter((table) => table in upkeep))('%s lets its upkeep pass', async (table) => {
    const updates = (upkeep[table] ?? []).map((column) => `UPDATE ${table} SET ${column} = ${column}`);
    expect(await letThrough(`${service}_owner`, 'SELECT 1', updates)).toEqual(updates);
  });
});
