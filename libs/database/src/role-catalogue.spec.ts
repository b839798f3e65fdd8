import type { TestDatabase } from '@capsule/testing';
import type pg from 'pg';
import { createWholeDatabase, isMigrated } from './whole-database.fixture.js';

describe.each(['auth', 'billing', 'deploy', 'monitor'] as const)('the roles of %s', (service) => {
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

  const rows = async (sql: string, values: unknown[] = []) => (await superuser.query(sql, values)).rows;

  it('are four, of which one sees all tenants without being able to log in and one only to read them', async () => {
    const found = await rows(
      `SELECT rolname AS role, rolcanlogin AS login, rolbypassrls AS bypass,
              rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication AS more,
              ARRAY(SELECT roleid::regrole::text FROM pg_auth_members WHERE member = r.oid) AS "memberOf"
       FROM pg_roles r WHERE rolname LIKE $1 ORDER BY rolname`,
      [`${service}\\_%`],
    );
    const limited = { login: true, bypass: false, more: false, memberOf: [] };
    expect(found).toEqual([
      {
        ...limited,
        role: `${service}_backup`,
        bypass: true,
        memberOf: ['pg_read_all_data', 'pg_read_all_stats'],
      },
      { ...limited, role: `${service}_claimer`, login: false, bypass: true },
      { ...limited, role: `${service}_owner`, memberOf: [`${service}_claimer`] },
      { ...limited, role: `${service}_user` },
    ]);
  });

  it('let the app role create nothing: neither in the database, temporarily, nor in any schema', async () => {
    expect(
      await rows(
        `SELECT has_database_privilege($1, current_database(), 'CREATE') AS database,
                has_database_privilege($1, current_database(), 'TEMP') AS temporary,
                ARRAY(SELECT nspname::text FROM pg_namespace WHERE has_schema_privilege($1, oid, 'CREATE')) AS schemas`,
        [`${service}_user`],
      ),
    ).toEqual([{ database: false, temporary: false, schemas: [] }]);
  });

  it('give the owner every table, and the app role nothing of them but rows', async () => {
    expect(
      await rows(
        `SELECT c.relname, privilege FROM pg_class c
         CROSS JOIN unnest(ARRAY['TRUNCATE', 'REFERENCES', 'TRIGGER']) AS privilege
         WHERE ${isMigrated('c.relnamespace')} AND c.relkind IN ('r', 'p', 'v')
           AND (has_table_privilege($1, c.oid, privilege) OR pg_get_userbyid(c.relowner) <> $2)
           AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')`,
        [`${service}_user`, `${service}_owner`],
      ),
    ).toEqual([]);
  });

  it('let nobody who runs the service say whose a row is, what it is called or who made it when', async () => {
    expect(
      await rows(
        `SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
         WHERE ${isMigrated('c.relnamespace')} AND c.relkind IN ('r', 'p') AND NOT a.attisdropped
           AND a.attname IN ('id', 'tenant_id', 'created_at', 'created_by', 'updated_by')
           AND has_column_privilege($1, c.oid, a.attnum, 'UPDATE')`,
        [`${service}_user`],
      ),
    ).toEqual([]);
  });

  it('leave PUBLIC nothing of this database, nor of the others of its cluster', async () => {
    expect(
      await rows(
        `SELECT datname, privilege_type FROM pg_database, aclexplode(coalesce(datacl, acldefault('d', datdba)))
         WHERE grantee = 0 AND (datname IN ('postgres', 'template1', $1) OR datname = current_database())`,
        [`${service}_service_db`],
      ),
    ).toEqual([]);
  });

  it('have the extensions that migrations rely on', async () => {
    const found = await rows('SELECT extname FROM pg_extension');
    expect(found.map(({ extname }) => extname)).toEqual(
      expect.arrayContaining(['uuid-ossp', 'pgcrypto', 'citext']),
    );
  });
});
