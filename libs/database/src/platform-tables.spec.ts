import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { migrationsFolder } from './migrations/migration-files.js';
import { createWholeDatabase, isMigrated } from './whole-database.fixture.js';

const serviceNames = ['auth', 'billing', 'deploy', 'monitor'] as const;
const commonFiles = [
  'V1.0.0__Initial_setup.sql',
  'V1.2.0__Kept_history_and_schema_version.sql',
  'V1.7.0__Marks_that_wait_for_no_row.sql',
  'V1.8.2__Attempts_that_outlive_their_process.sql',
];

describe('the database every service starts with', () => {
  it.each(commonFiles)('is the same text for all services but for their names: %s', async (file) => {
    const texts = await Promise.all(
      serviceNames.map(async (service) => {
        const text = await readFile(join(migrationsFolder(service), file), 'utf8');
        return text.replaceAll(`${service}_`, 'SERVICE_').replaceAll(`'${service}'`, "'SERVICE'");
      }),
    );
    expect(new Set(texts).size).toBe(1);
  });

  describe.each(serviceNames)('of %s', (service) => {
    let rows: (sql: string) => Promise<unknown[]>;
    let close: () => Promise<void>;
    beforeAll(async () => {
      const test = await createWholeDatabase(service);
      rows = (sql) => test.asSuperuser(async (client) => (await client.query(sql)).rows as unknown[]);
      close = () => test.close();
    });
    afterAll(() => close());

    it('gives PUBLIC nothing', async () => {
      expect(
        await rows(`
          SELECT 'schema' AS kind, nspname AS name FROM pg_namespace, aclexplode(nspacl) acl
            WHERE ${isMigrated('pg_namespace.oid')} AND acl.grantee = 0
          UNION ALL
          SELECT 'table', relname FROM pg_class, aclexplode(relacl) acl
            WHERE ${isMigrated('relnamespace')} AND acl.grantee = 0
          UNION ALL
          SELECT 'function', proname FROM pg_proc p,
              aclexplode(coalesce(proacl, acldefault('f', proowner))) acl
            WHERE ${isMigrated('pronamespace')} AND acl.grantee = 0
              AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')`),
      ).toEqual([]);
    });

    it('leaves the role that sees all tenants unable to log in or to create anything', async () => {
      expect(
        await rows(`
          SELECT rolcanlogin, rolbypassrls, has_schema_privilege(oid, 'public', 'CREATE') AS creates
          FROM pg_roles WHERE rolname = '${service}_claimer'`),
      ).toEqual([{ rolcanlogin: false, rolbypassrls: true, creates: false }]);
    });

    it('has only functions whose bodies are valid, which the migration runner does not check', async () => {
      const definitions = (await rows(`
        SELECT pg_get_functiondef(p.oid) AS sql FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
        WHERE ${isMigrated('p.pronamespace')} AND l.lanname IN ('sql', 'plpgsql')
          AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')`)) as {
        sql: string;
      }[];
      expect(definitions.length).toBeGreaterThan(8);
      await rows(
        `BEGIN; SET LOCAL check_function_bodies = on; ${definitions.map((each) => each.sql).join(';')}; ROLLBACK`,
      );
    });
  });
});
