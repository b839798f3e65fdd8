import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { createLogger } from '@capsule/telemetry';
import { eventually } from '@capsule/testing';
import { Provisioner } from './provisioner.js';
import { TENANT_MIGRATIONS } from './tenant-migrations.js';
import { schemaOf, TenantsFixture } from './tenants.fixture.js';

describe('a provisioner', () => {
  let tenants: TenantsFixture;
  let provisioners: Provisioner[] = [];
  let log: string[] = [];

  beforeEach(async () => {
    tenants = await TenantsFixture.create();
    log = [];
  });
  afterEach(async () => {
    await Promise.all(provisioners.map((each) => each.stop()));
    provisioners = [];
    await tenants?.close();
  });

  async function start(folder?: string): Promise<void> {
    const output = new Writable({
      write(chunk: Buffer, _, done) {
        log.push(chunk.toString());
        done();
      },
    });
    const logger = createLogger({ app: 'provisioner', level: 'info', format: 'json' }, output);
    const { owner } = tenants.test;
    const provisioner = new Provisioner({ owner, parallel: 2, logger, ...(folder && { folder }) });
    provisioners.push(provisioner);
    provisioner.start();
    await eventually(() => expect(provisioner.isListening).toBe(true));
  }

  const isActive = (id: string) =>
    eventually(async () => expect(await tenants.row(id)).toMatchObject({ state: 'active' }), 8_000);

  it('makes the schema of a tenant whose row was committed while it sleeps, and of one from before it began', async () => {
    const earlier = await tenants.register();
    await start();
    await isActive(earlier);
    const later = await tenants.register();
    await isActive(later);
    expect(await tenants.row(later)).toEqual({
      state: 'active',
      schema_version: '1.0.0',
      failure: null,
      failed_attempts: 0,
    });
    const tables = await tenants.rows<{ name: string }>(
      'SELECT relname AS name FROM pg_class WHERE relnamespace = $1::regnamespace AND relkind = $2 ORDER BY 1',
      [schemaOf(later), 'r'],
    );
    expect(tables.map(({ name }) => name)).toEqual([
      'dashboard_configs',
      'flyway_schema_history',
      'metrics_sessions',
      'migration_digests',
      'tool_metrics',
      'users',
    ]);
  });

  it('makes the partitions of the samples that are to come', async () => {
    await start();
    const names = [0, 1, 2, 3].map((days) => {
      const day = new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
      return `samples_${day.replaceAll('-', '')}`;
    });
    await eventually(async () => {
      const partitions = await tenants.rows<{ name: string }>(
        "SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'samples'::regclass ORDER BY 1",
      );
      expect(partitions.map(({ name }) => name)).toEqual([...names, 'samples_default']);
    });
  });

  it('shares the work with others: three at once make each of ten schemas once', async () => {
    await Promise.all([start(), start(), start()]);
    const ids = await Promise.all(Array.from({ length: 10 }, () => tenants.register()));
    await eventually(async () => expect(await tenants.states()).toEqual({ active: 10 }), 15_000);
    for (const id of ids) {
      const history = await tenants.rows(`SELECT FROM ${schemaOf(id)}.flyway_schema_history`);
      expect(history).toHaveLength(1);
    }
    expect(log.filter((line) => line.includes('failed'))).toEqual([]);
  });

  it('tells why a tenant failed, tries it again later, and holds up no other for it', async () => {
    const broken = await tenants.register();
    // Something that nobody knows of lies where the schema should be made.
    await tenants.rows(`CREATE SCHEMA ${schemaOf(broken)} AUTHORIZATION monitor_owner`);
    await tenants.rows(`CREATE TABLE ${schemaOf(broken)}.users ()`);
    await start();
    const whole = await tenants.register();
    await isActive(whole);
    expect(await tenants.row(broken)).toMatchObject({
      state: 'failed',
      schema_version: null,
      failure: expect.stringContaining('not empty (users)'),
    });
    const told = log.map((line) => JSON.parse(line)).find(({ tenantId }) => tenantId === broken);
    expect(told).toMatchObject({ level: 'error', reason: expect.stringContaining('not empty') });

    await tenants.rows(`DROP TABLE ${schemaOf(broken)}.users`);
    await isActive(broken);
    expect(await tenants.row(broken)).toMatchObject({ failure: null, failed_attempts: 0 });
  });

  it('finds the version of a tenant whose registry is behind its history, once, and rests', async () => {
    const { id } = await tenants.make();
    await tenants.rows("UPDATE tenants SET schema_version = '0.9' WHERE id = $1", [id]);
    await start();
    await eventually(async () => expect(await tenants.row(id)).toMatchObject({ schema_version: '1.0.0' }));
    // It hears of this one after it has done with the other.
    await isActive(await tenants.register());
    expect(log.filter((line) => line.includes(id))).toHaveLength(1);
  });

  it('goes on when its connection was lost, with what it did not hear meanwhile', async () => {
    await start();
    const id = await tenants.test.asSuperuser(async (client) => {
      const { rowCount } = await client.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND application_name = 'capsule-migrate'`,
      );
      expect(rowCount).toBe(1);
      return tenants.register();
    });
    await isActive(id);
  });

  it('brings an active tenant to a newer migration, and leaves one of a newer release alone', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'capsule-tenant-migrations-'));
    try {
      await cp(TENANT_MIGRATIONS, folder, { recursive: true });
      await writeFile(join(folder, 'V9.9.0__Notes.sql'), 'CREATE TABLE notes (id uuid);');
      const [older, newer] = [await tenants.make(), await tenants.make()];
      await tenants.rows("UPDATE tenants SET schema_version = '9.10' WHERE id = $1", [newer.id]);
      await start(folder);
      await eventually(async () =>
        expect(await tenants.row(older.id)).toMatchObject({ state: 'active', schema_version: '9.9.0' }),
      );
      expect(await tenants.rows(`SELECT FROM ${older.schema}.notes`)).toEqual([]);
      expect(await tenants.row(newer.id)).toMatchObject({ schema_version: '9.10' });
      await expect(tenants.rows(`SELECT FROM ${newer.schema}.notes`)).rejects.toThrow('does not exist');
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('puts a tenant off whose migration ends its session, and holds up no other for it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'capsule-tenant-migrations-'));
    try {
      const broken = await tenants.register();
      await writeFile(
        join(folder, 'V1.0.0__End.sql'),
        `SELECT pg_terminate_backend(pg_backend_pid()) WHERE '\${tenantId}' = '${broken}'; CREATE TABLE users ();`,
      );
      // Nobody waits here.
      await tenants.rows('DROP TRIGGER move_waiting_members ON tenants');
      await start(folder);
      const whole = await tenants.register();
      await isActive(whole);
      await eventually(async () =>
        expect(await tenants.row(broken)).toMatchObject({
          state: 'failed',
          failure: expect.stringContaining('terminat'),
        }),
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it.each([
    ['9.9', '9.10', true],
    ['9.10', '9.9', false],
    ['9', '9.0.0', false],
  ])('has a tenant at %s to bring to %s: %s', async (version, newest, isDue) => {
    const { id } = await tenants.make();
    await tenants.rows('UPDATE tenants SET schema_version = $1', [version]);
    const due = await tenants.rows('SELECT tenants_due($1, 10) AS id', [newest]);
    expect(due).toEqual(isDue ? [{ id }] : []);
  });
});
