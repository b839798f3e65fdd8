import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestDatabase, makeTenantSchema } from '@capsule/testing';
import pg from 'pg';
import { migrationsFolder } from '../migrations/migration-files.js';
import type { MigrationInfo } from '../migrations/migration-state.js';
import { Migrator } from '../migrations/migrator.js';
import { uuidv7 } from '../uuid.js';
import { differencesOn, findCatalogueDrift } from './catalogue-drift.js';
import { fingerprintMigrations, readExpectedCatalogue, writeExpectedCatalogue } from './catalogue-file.js';

describe.each(['auth', 'billing', 'deploy', 'monitor'])('the kept catalogue of %s', (service) => {
  // When this fails, a migration came without it: npm run catalogue.
  it('is what its migrations make, and shows what was altered to nobody but the owner', async () => {
    const test = await createTestDatabase(service as 'auth');
    const owner = new pg.Client({ ...test.owner, database: test.owner.name });
    await owner.connect();
    const migrations = await new Migrator(test.owner, migrationsFolder(service)).info();
    expect(await findCatalogueDrift(owner, migrations, service)).toEqual([]);
    await owner.query('ALTER TABLE inbox NO FORCE ROW LEVEL SECURITY; DROP FUNCTION outbox_depth()');
    expect(await findCatalogueDrift(owner, migrations, service)).toEqual([
      'function outbox_depth() is missing',
      'table inbox: row-level security is enabled, expected enabled and forced',
    ]);
    expect(
      await findCatalogueDrift(owner, [{ ...migrations[0], state: 'Pending' } as MigrationInfo], service),
    ).toEqual(['not compared: the migrations applied are not those of this checkout']);
    await owner.end();
    await test.close();
  });
});

describe('a schema beside public', () => {
  it("is told of, unless it is a registered tenant's, which is compared by itself", async () => {
    const test = await createTestDatabase('monitor');
    const schema = await makeTenantSchema(test, uuidv7());
    const owner = new pg.Client({ ...test.owner, database: test.owner.name });
    await owner.connect();
    const migrations = await new Migrator(test.owner, migrationsFolder('monitor')).info();
    const drift = () => findCatalogueDrift(owner, migrations, 'monitor');
    await owner.query('CREATE SCHEMA tenant_of_nobody');
    expect(await drift()).toEqual(
      [`schema ${schema} is there, expected none`, 'schema tenant_of_nobody is there, expected none'].sort(),
    );
    await test.asSuperuser((client) =>
      client.query("INSERT INTO tenants (id, name, domain, schema_name) VALUES ($1, 'a', 'a', $2)", [
        uuidv7(),
        schema,
      ]),
    );
    expect(await drift()).toEqual(['schema tenant_of_nobody is there, expected none']);
    await owner.end();
    await test.close();
  });
});

describe('a kept catalogue', () => {
  let folder: string;
  beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'catalogue-'))));
  afterEach(() => rm(folder, { recursive: true }));

  it('is read as it was written, with a line of its own for each line of a function', async () => {
    const path = join(folder, 'auth.json');
    const catalogue = {
      madeFrom: 'x',
      postgres: 15,
      objects: {
        'table b': { kind: 'table' },
        'function a()': { body: '\nBEGIN\nEND', language: 'plpgsql' },
      },
    };
    await writeExpectedCatalogue(path, catalogue);
    expect(await readExpectedCatalogue(path)).toEqual(catalogue);
    expect(await readFile(path, 'utf8')).toMatch(/"function a\(\)"[^]*\n {8}"BEGIN",\n[^]*"table b"/);
    expect(await readExpectedCatalogue(join(folder, 'none.json'))).toBeUndefined();
  });

  it('is of other migrations when one was added or changed, but not when a checkout has other line ends', async () => {
    await writeFile(join(folder, 'V1__One.sql'), 'SELECT 1;\nSELECT 2;\n');
    const before = await fingerprintMigrations(folder);
    await writeFile(join(folder, 'V1__One.sql'), 'SELECT 1;\r\nSELECT 2;\r\n');
    expect(await fingerprintMigrations(folder)).toBe(before);
    await writeFile(join(folder, 'V2__Two.sql'), '');
    const after = await fingerprintMigrations(folder);
    expect(after).not.toBe(before);
    await writeFile(join(folder, 'V1__One.sql'), 'SELECT 1;\nSELECT 3;\n');
    expect(await fingerprintMigrations(folder)).not.toBe(after);
  });

  it('is compared but for what another server prints or partitions in another way', () => {
    const expected = {
      madeFrom: 'x',
      postgres: 15,
      objects: {
        'table samples': {
          kind: 'partitioned by RANGE (at)',
          'default partition': 'rest',
          'column n': 'integer',
        },
        'view v': { definition: ' SELECT t.n FROM t', owner: 'x' },
      },
    };
    const found = {
      'table samples': {
        kind: 'table',
        'trigger ts_insert_blocker': 'CREATE TRIGGER …',
        'column n': 'bigint',
      },
      'view v': { definition: ' SELECT n FROM t', owner: 'y' },
    };
    expect(differencesOn({ majorVersion: 17, hasTimescale: true }, found, expected)).toEqual([
      'table samples: column n is bigint, expected integer',
      'view v: owner is y, expected x',
    ]);
    expect(differencesOn({ majorVersion: 15, hasTimescale: false }, found, expected)).toHaveLength(6);
  });
});
