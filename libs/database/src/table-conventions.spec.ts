import type { TestDatabase } from '@capsule/testing';
import type pg from 'pg';
import { createWholeDatabase, isMigrated } from './whole-database.fixture.js';

/** Tables whose key is no UUID of their own, each for a reason. */
const otherKeys: Readonly<Record<string, string>> = {
  flyway_schema_history: "Flyway's",
  migration_digests: "the history's",
  service_configuration: 'one row, by the name of the service',
  edge_state: 'one row',
  outbox_streams: 'a stream is known by its name',
  inbox: 'that a consumer has an event once is the key',
  event_attempts: 'the attempts of a consumer at an event are the key',
  waiting_members: 'that a member waits once for a tenant is the key',
  series:
    'its number stands in every sample, where a UUID would be half of the row, and never leaves the database',
  samples: 'a series has one sample at an instant',
  samples_default: 'a partition of samples',
};

/** Tables whose ids come from elsewhere, each for a reason. */
const idsOfOthers: Readonly<Record<string, string>> = {
  'deploy.organizations': "auth's",
  'monitor.tenants': "auth's organizations",
  'monitor.users': "auth's",
};

/** Tables without audit columns that are no history either: what they hold is bookkeeping of machines. */
const bookkeeping: Readonly<Record<string, string>> = {
  flyway_schema_history: 'says itself when, and by whom',
  migration_digests: 'follows flyway_schema_history',
  service_configuration: 'says when it was initialised; migrations say the rest',
  outbox_streams: 'how far a stream has come',
  event_attempts: 'how often a consumer tried; gone when it succeeded or gave up',
  edge_state: 'which routes the edge was last given',
  series: 'how far usage has been counted; changes with every batch of samples',
  samples: 'measurements',
  samples_default: 'measurements',
};

describe.each(['auth', 'billing', 'deploy', 'monitor'] as const)('every table of %s', (service) => {
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

  const tablesWhere = async (condition: string): Promise<string[]> => {
    const { rows } = await superuser.query<{ name: string }>(
      `SELECT c.relname AS name FROM pg_class c
       WHERE ${isMigrated('c.relnamespace')} AND c.relkind IN ('r', 'p') AND ${condition}
         AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e') ORDER BY 1`,
    );
    return rows.map((row) => row.name);
  };
  const has = (column: string, type = '.*') => `EXISTS (
    SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = '${column}' AND NOT a.attisdropped
      AND format_type(a.atttypid, NULL) ~ '^${type}$')`;
  const trigger = (name: string) => `EXISTS (
    SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgname = '${name}' AND t.tgenabled = 'O')`;

  it('has one UUID as its key, or a reason why not', async () => {
    const others = await tablesWhere(`NOT EXISTS (
      SELECT FROM pg_constraint k JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.conkey[1]
      WHERE k.conrelid = c.oid AND k.contype = 'p' AND cardinality(k.conkey) = 1 AND a.atttypid = 'uuid'::regtype)`);
    expect(others.filter((name) => !(name in otherKeys))).toEqual([]);
  });

  it('makes the ids of its rows itself, unless somebody else has made them', async () => {
    const others = await tablesWhere(`${has('id', 'uuid')} AND NOT EXISTS (
      SELECT FROM pg_attribute a JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
      WHERE a.attrelid = c.oid AND a.attname = 'id'
        AND pg_get_expr(d.adbin, d.adrelid) ~ '^(public\\.)?uuid_generate_v4\\(\\)$')`);
    expect(others.filter((name) => !(`${service}.${name}` in idsOfOthers))).toEqual([]);
  });

  it('has audit columns kept by the trigger, or keeps history, or a reason why neither', async () => {
    const audited = ['created_at', 'updated_at']
      .map((column) => has(column, 'timestamp with time zone'))
      .concat(
        ['created_by', 'updated_by'].map((column) => has(column, 'text')),
        trigger('set_updated_at'),
      )
      .join(' AND ');
    const others = await tablesWhere(`NOT (${audited}) AND NOT ${trigger('keep_history')}`);
    expect(others.filter((name) => !(name in bookkeeping))).toEqual([]);
  });

  it('has not half of the audit columns', async () => {
    expect(await tablesWhere(`${has('updated_at')} AND NOT ${trigger('set_updated_at')}`)).toEqual([]);
    const actorsWithoutDefault = await superuser.query(
      `SELECT a.attrelid::regclass::text, a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
       LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
       WHERE ${isMigrated('c.relnamespace')} AND c.relkind IN ('r', 'p')
         AND a.attname IN ('created_by', 'updated_by') AND NOT a.attisdropped
         AND pg_get_expr(d.adbin, d.adrelid) IS DISTINCT FROM $$NULLIF(current_setting('app.actor_id'::text, true), ''::text)$$`,
    );
    expect(actorsWithoutDefault.rows).toEqual([]);
  });
});
