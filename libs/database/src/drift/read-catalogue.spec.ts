import { createTestDatabase, type TestDatabase } from '@capsule/testing';
import pg from 'pg';
import { OBJECT_ALTERATIONS, SCHEMA } from './alterations.fixture.js';
import { type Catalogue, compareCatalogues } from './catalogue.js';
import { DATABASE_ALTERATIONS } from './database-alterations.fixture.js';
import { type CatalogueClient, readCatalogue } from './read-catalogue.js';

const ALTERATIONS = [...OBJECT_ALTERATIONS, ...DATABASE_ALTERATIONS];

/** What a transaction that is already open sees. */
const within = (client: pg.Client): CatalogueClient => ({
  query: async (text, values) =>
    /^(BEGIN|ROLLBACK)/.test(text) ? { rows: [] } : await client.query(text, values),
});

describe('the catalogue of a database', () => {
  let untouched: TestDatabase;
  let altered: Catalogue;
  let lines: string[];
  const read = (test: TestDatabase) => test.asSuperuser((client) => readCatalogue(client, 'auth'));

  // Roles are the whole cluster's, and other specs use them: what is altered is never committed.
  beforeAll(async () => {
    untouched = await createTestDatabase('auth');
    await untouched.asSuperuser(async (client) => {
      await client.query(`SET ROLE auth_owner; ${SCHEMA}; RESET ROLE`);
      await client.query('BEGIN');
      for (const [, statement] of ALTERATIONS) await client.query(statement);
      altered = await readCatalogue(within(client), 'auth');
      await client.query('ROLLBACK');
    });
    lines = compareCatalogues(altered, await read(untouched));
  });
  afterAll(() => untouched.close());

  it.each(ALTERATIONS)('tells of %s in one line', (_, __, line) => {
    expect(lines).toContain(line);
  });

  it('tells of nothing else, and of nothing at all when nothing was altered', async () => {
    expect(lines.filter((line) => !ALTERATIONS.some(([, , expected]) => expected === line))).toEqual([]);
    expect(compareCatalogues(await read(untouched), await read(untouched))).toEqual([]);
  });

  it('says the same both ways round', async () => {
    const reverse = compareCatalogues(await read(untouched), altered);
    expect(reverse).toHaveLength(lines.length);
    expect(reverse).toContain('table drift_extra is missing');
    expect(reverse).toContain('table drift_dropped is there, expected none');
    expect(reverse).toContain('table drift_users: column extra is missing, expected text');
  });

  it('is the same whoever reads it, and however many partitions time has brought', async () => {
    await untouched.asSuperuser((client) =>
      client.query(
        `CREATE TABLE drift_days_1 PARTITION OF drift_days FOR VALUES FROM ('2026-01-01') TO ('2026-01-02')`,
      ),
    );
    const asOwner = new pg.Client({ ...untouched.owner, database: untouched.owner.name });
    await asOwner.connect();
    const catalogue = await readCatalogue(asOwner, 'auth');
    await asOwner.end();
    expect(compareCatalogues(catalogue, await read(untouched))).toEqual([]);
    expect(catalogue).not.toHaveProperty('table drift_days_1');
  });

  it('of two schemas is the same when they differ by what is their own alone', async () => {
    const make = (schema: string, tenant: string, size: string) => `
      CREATE SCHEMA ${schema};
      CREATE TABLE ${schema}.boards (id uuid PRIMARY KEY, size ${size});
      CREATE TABLE ${schema}.tiles (board_id uuid REFERENCES ${schema}.boards (id));
      CREATE POLICY tenant ON ${schema}.boards USING ('${tenant}'::uuid = current_setting('app.tenant_id')::uuid);`;
    const [a, b] = ['01890000-0000-7000-8000-00000000000a', '01890000-0000-7000-8000-00000000000b'];
    const catalogues = await untouched.asSuperuser(async (client) => {
      await client.query(make('tenant_a', a, 'integer') + make('tenant_b', b, 'bigint'));
      return [
        await readCatalogue(client, 'monitor-tenant', {
          schema: 'tenant_a',
          placeholders: { schema: 'tenant_a', tenantId: a },
        }),
        await readCatalogue(client, 'monitor-tenant', {
          schema: 'tenant_b',
          placeholders: { schema: 'tenant_b', tenantId: b },
        }),
      ] as const;
    });
    expect(compareCatalogues(...catalogues)).toEqual([
      'table boards: column size is integer, expected bigint',
    ]);
    expect(catalogues[0]['table boards']).toMatchObject({
      'policy tenant': expect.stringContaining('${tenantId}'),
    });
  });
});
