import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { migrationsFolder, Migrator } from '@capsule/database/migrations';
import { createTestDatabase } from '@capsule/testing';
import { schemaOf, TenantsFixture } from '../provisioning/tenants.fixture.js';
import { tenantCommand } from './tenant.command.js';
import { TenantRepository } from './tenant.repository.js';
import { TenantService } from './tenant.service.js';

const program = fileURLToPath(new URL('../../dist/command.js', import.meta.url));
const INSUFFICIENT_PRIVILEGE = '42501';

describe('the registry of tenants', () => {
  let tenants: TenantsFixture;
  let service: TenantService;
  let id: string;

  beforeAll(async () => {
    tenants = await TenantsFixture.create();
    service = new TenantService(tenants.database, new TenantRepository());
    id = await tenants.register();
  });
  afterAll(() => tenants?.close());

  it('finds a tenant by id, and by domain in any case', async () => {
    const tenant = await service.find(id);
    expect(tenant).toEqual({
      id,
      name: 'Acme',
      domain: `acme-${id}`,
      schemaName: schemaOf(id),
      plan: 'free',
      isActive: true,
      state: 'provisioning',
      metadata: {},
    });
    expect(await service.find(`ACME-${id}`)).toEqual(tenant);
    expect(await service.find(randomUUID())).toBeNull();
    expect(await service.find('nobody')).toBeNull();
  });

  it('tells operators of a tenant by the same names, while nothing but the database runs', async () => {
    const secrets = {
      PAGINATION_CURSOR_KEY: 'a key of at least thirty-two characters',
      OPERATOR_TOKEN: 'the-operator-token-of-this-spec',
    };
    const env = { ...process.env, ...tenants.test.environment, ...secrets };
    const { stdout } = await promisify(execFile)(process.execPath, [program, 'tenant', id], { env });
    expect(JSON.parse(stdout)).toMatchObject({ id, schemaName: schemaOf(id) });

    const lines: string[] = [];
    const ask = (...words: string[]) =>
      tenantCommand(service, ['tenant', ...words], (line) => lines.push(line));
    expect(await ask('nobody')).toBe(1);
    expect(await ask()).toBe(2);
    expect(lines).toEqual([expect.stringContaining('nobody'), expect.stringContaining('usage')]);
  });

  it('shows a tenant its own row and no other', async () => {
    await tenants.register();
    const seen = await tenants.database.withTenant(id, (tx) => tx.query('SELECT id FROM tenants'));
    expect(seen).toEqual([{ id }]);
    expect(await tenants.database.withoutTenant((tx) => tx.query('SELECT id FROM tenants'))).toEqual([]);
  });

  it('keeps one row for a tenant that is told of again', async () => {
    await tenants.register(id);
    expect(await tenants.rows('SELECT FROM tenants WHERE id = $1', [id])).toHaveLength(1);
  });

  it.each([
    ['finish a tenant', "UPDATE tenants SET state = 'active'"],
    ['move a tenant to another schema', "UPDATE tenants SET schema_name = 'tenant_x'"],
    ['forget a tenant', 'DELETE FROM tenants'],
    ['list what is due', "SELECT tenants_due('1', 1)"],
    ['list all tenants', 'SELECT tenants_after(NULL, 1)'],
  ])('does not let the service %s', async (_, statement) => {
    const attempt = tenants.database.withTenant(id, (tx) => tx.query(statement));
    await expect(attempt).rejects.toMatchObject({ code: INSUFFICIENT_PRIVILEGE });
  });

  it('never changes the schema of a tenant, whoever asks', async () => {
    const move = tenants.rows("UPDATE tenants SET schema_name = 'tenant_elsewhere' WHERE id = $1", [id]);
    await expect(move).rejects.toThrow('is fixed');
  });

  it('has one tenant to a domain and one to a schema', async () => {
    for (const column of ['domain', 'schema_name']) {
      const value = column === 'domain' ? `acme-${id}` : schemaOf(id);
      const other = { domain: randomUUID(), schema_name: schemaOf(randomUUID()), [column]: value };
      const insert = tenants.rows(
        'INSERT INTO tenants (id, name, domain, schema_name) VALUES ($1, $2, $3, $4)',
        [randomUUID(), 'Other', other.domain, other.schema_name],
      );
      await expect(insert).rejects.toMatchObject({ constraint: `uq_tenants__${column}` });
    }
  });
});

it('the registry begins with the tenants that were there before it', async () => {
  const test = await createTestDatabase('monitor', { isMigrated: false });
  const earlier = await mkdtemp(join(tmpdir(), 'capsule-monitor-'));
  try {
    const folder = migrationsFolder('monitor');
    const before = (await readdir(folder)).filter((name) => /^V1\.[0-2]\./.test(name));
    await Promise.all(before.map((name) => cp(join(folder, name), join(earlier, name))));
    await new Migrator(test.owner, earlier).migrate();
    const id = randomUUID();
    await test.asSuperuser((client) =>
      client.query("INSERT INTO organizations (tenant_id, name) VALUES ($1, 'Acme')", [id]),
    );

    await new Migrator(test.owner, folder).migrate();

    const { rows } = await test.asSuperuser((client) =>
      client.query('SELECT id, name, domain, schema_name, state FROM tenants'),
    );
    expect(rows).toEqual([
      { id, name: 'Acme', domain: id, schema_name: schemaOf(id), state: 'provisioning' },
    ]);
  } finally {
    await rm(earlier, { recursive: true });
    await test.close();
  }
});
