import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { jest } from '@jest/globals';
import pg from 'pg';
import { TENANT_MIGRATIONS } from './tenant-migrations.js';
import { tenantsCommand } from './tenants.command.js';
import { schemaOf, TenantsFixture } from './tenants.fixture.js';

const program = fileURLToPath(new URL('../../dist/command.js', import.meta.url));

describe('the command for the schemas of all tenants', () => {
  let tenants: TenantsFixture;
  let ids: string[];

  beforeAll(async () => {
    tenants = await TenantsFixture.create();
    ids = (await Promise.all([tenants.register(), tenants.register()])).sort();
  });
  afterAll(() => tenants?.close());

  async function run(...words: string[]): Promise<{ code: number | null; output: string; errors: string }> {
    const child = spawn(process.execPath, [program, 'tenants', ...words], {
      env: { ...process.env, ...tenants.test.environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const said = { code: 0 as number | null, output: '', errors: '' };
    child.stdout.on('data', (chunk: Buffer) => (said.output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (said.errors += chunk.toString()));
    [said.code] = (await once(child, 'close')) as [number | null];
    return said;
  }

  it('ends with 1 while a tenant is not finished, with 0 when all are, and names those that fail', async () => {
    expect(await run('info')).toMatchObject({ code: 1 });
    const [broken = '', whole = ''] = ids;
    await tenants.rows(`CREATE SCHEMA ${schemaOf(broken)} AUTHORIZATION monitor_owner`);
    await tenants.rows(`CREATE TABLE ${schemaOf(broken)}.users ()`);
    const partly = await run('migrate', '--json');
    expect(partly.code).toBe(1);
    expect(JSON.parse(partly.output)).toEqual({
      tenants: 2,
      migrated: 1,
      failed: [{ tenantId: broken, reason: expect.stringContaining('not empty') }],
    });
    const told = await run('info');
    expect(told.output).toMatch(new RegExp(`^${broken} .*failed .*not empty`, 'm'));
    expect(told.output).toMatch(new RegExp(`^${whole} .*active +1\\.0\\.0 +0 +0$`, 'm'));

    await tenants.rows(`DROP TABLE ${schemaOf(broken)}.users`);
    expect(await run('migrate')).toMatchObject({
      code: 0,
      output: expect.stringContaining('1 migrated, 0 failed'),
    });
    expect(await run('info')).toMatchObject({ code: 0 });
    expect(await run('validate')).toMatchObject({ code: 0, output: '', errors: '' });
  });

  it('shows its progress where somebody looks, in a terminal', async () => {
    const shown: string[] = [];
    const terminal = { isTTY: true, write: (text: string) => shown.push(text) > 0 };
    const before = process.env;
    const print = jest.spyOn(console, 'log').mockImplementation(() => undefined);
    try {
      process.env = { ...before, ...tenants.test.environment };
      expect(await tenantsCommand(['migrate'], terminal)).toBe(0);
      expect(shown.slice(-2)).toEqual([`\r[${'#'.repeat(40)}] 2/2`, '\n']);
      shown.length = 0;
      await tenantsCommand(['migrate'], { ...terminal, isTTY: false });
      await tenantsCommand(['migrate', '--json'], terminal);
      expect(shown).toEqual([]);
    } finally {
      process.env = before;
      print.mockRestore();
    }
  });

  it('leaves the version of the schema in the registry as its history has it, whatever was done to that', async () => {
    const [one = '', other = ''] = ids;
    const folder = await mkdtemp(join(tmpdir(), 'capsule-tenant-migrations-'));
    const versions = () => Promise.all(ids.map(async (id) => (await tenants.row(id))?.schema_version));
    try {
      await cp(TENANT_MIGRATIONS, folder, { recursive: true });
      await writeFile(join(folder, 'V9.1.0__Notes.sql'), 'CREATE TABLE notes ();');
      await writeFile(join(folder, 'U9.1.0__Notes.sql'), 'DROP TABLE notes;');
      expect(await run('migrate', '--folder', folder)).toMatchObject({ code: 0 });
      expect(await versions()).toEqual(['9.1.0', '9.1.0']);

      expect(await run('undo', '--folder', folder)).toMatchObject({ code: 0 });
      expect(await tenants.rows(`SELECT FROM pg_tables WHERE tablename = 'notes'`)).toEqual([]);
      expect(await versions()).toEqual(['1.0.0', '1.0.0']);

      await tenants.rows(`DROP TABLE ${schemaOf(one)}.flyway_schema_history CASCADE`);
      await tenants.rows(`DROP TABLE ${schemaOf(one)}.migration_digests`);
      // It fails for the other, which has a history, and for no other reason.
      expect(await run('baseline', '--version', '2.0')).toMatchObject({
        code: 1,
        errors: expect.stringMatching(new RegExp(`^${other}: .*nothing to baseline`)),
      });
      expect(await versions()).toEqual(['2.0', '1.0.0']);

      await tenants.rows(
        `INSERT INTO ${schemaOf(other)}.flyway_schema_history
         SELECT 9, '0.9', 'Gone', 'SQL', 'V0.9__Gone.sql', 1, 'spec', now(), 1, true`,
      );
      expect((await tenants.row(other))?.schema_version).toBe('0.9');
      expect(await run('repair')).toMatchObject({ code: 0 });
      expect(await versions()).toEqual(['2.0', '1.0.0']);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('repairs the tenant in which a file without transaction failed, which stopped no other', async () => {
    const [one = '', other = ''] = ids;
    const folder = await mkdtemp(join(tmpdir(), 'capsule-tenant-migrations-'));
    const tables = () =>
      tenants.rows(`SELECT schemaname AS schema FROM pg_tables WHERE tablename = 'late' ORDER BY 1`);
    try {
      await cp(TENANT_MIGRATIONS, folder, { recursive: true });
      await writeFile(join(folder, 'V9.2.0__Late.sql'), 'CREATE TABLE late ();');
      await writeFile(join(folder, 'V9.2.0__Late.sql.conf'), 'executeInTransaction=false');
      await tenants.rows(`CREATE TABLE ${schemaOf(one)}.late ()`);
      expect(await run('migrate', '--folder', folder)).toMatchObject({
        code: 1,
        output: expect.stringContaining('1 migrated, 1 failed'),
        errors: expect.stringMatching(new RegExp(`^${one}: .*relation "late" already exists`)),
      });
      expect(await tables()).toEqual([one, other].map((id) => ({ schema: schemaOf(id) })));

      await tenants.rows(`DROP TABLE ${schemaOf(one)}.late`);
      expect((await run('repair', '--folder', folder)).output).toBe(
        `${one}: V9.2.0__Late.sql is pending again\n`,
      );
      expect(await run('migrate', '--folder', folder)).toMatchObject({ code: 0 });
      expect(await tables()).toHaveLength(2);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('ends with 2, touching nothing, for a verb or an option that there is not', async () => {
    expect(await run('reset')).toMatchObject({ code: 2, errors: expect.stringContaining('usage: tenants') });
    expect(await run('migrate', '--nonsense')).toMatchObject({ code: 2 });
    expect(await run('baseline')).toMatchObject({ code: 2 });
    const { code, output, errors } = await run('reset', '--json');
    expect({ code, errors }).toEqual({ code: 2, errors: '' });
    expect(JSON.parse(output)).toEqual({ error: { message: expect.stringContaining('usage: tenants') } });
  });

  it('prints as a dry run what psql can run, also for tenants that have no schema yet', async () => {
    const fresh = [await tenants.register(), await tenants.register()];
    const { code, output } = await run('dry-run');
    expect(code).toBe(0);
    for (const id of fresh) expect(output).toContain(`-- ${id}\n\nCREATE SCHEMA IF NOT EXISTS`);
    const owner = new pg.Client({ ...tenants.test.owner, database: tenants.test.owner.name, ssl: false });
    await owner.connect();
    await owner.query(output).finally(() => owner.end());
    expect(JSON.parse((await run('dry-run', '--json')).output)).toHaveLength(ids.length + fresh.length);
    expect(await run('dry-run')).toEqual({ code: 0, output: '', errors: '' });
  });
});
