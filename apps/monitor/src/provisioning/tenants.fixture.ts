import { randomUUID } from 'node:crypto';
import { createDataSource, Database } from '@capsule/database';
import { MigrationSession } from '@capsule/database/migrations';
import { createTestDatabase, type TestDatabase } from '@capsule/testing';
import { OrganizationRepository } from '../organization/organization.repository.js';
import { TenantRepository } from '../tenant/tenant.repository.js';
import { TenantSchemaMaker } from './tenant-schema-maker.js';

interface TenantRow {
  state: string;
  schema_version: string | null;
  failure: string | null;
  failed_attempts: number;
}

/** A database of monitor whose registry the service fills, and which is looked at from outside. */
export class TenantsFixture {
  private constructor(
    readonly test: TestDatabase,
    readonly database: Database,
  ) {}

  static async create(): Promise<TenantsFixture> {
    const test = await createTestDatabase('monitor');
    const { settings } = test;
    const dataSource = await createDataSource(settings, settings.user, []).initialize();
    return new TenantsFixture(test, new Database(dataSource));
  }

  /** As the consumer of an organization's creation does. @returns the tenant's id */
  async register(id: string = randomUUID()): Promise<string> {
    await this.database.withTenant(id, async (tx) => {
      await new OrganizationRepository().upsertName(tx, 'Acme');
      await new TenantRepository().insert(tx, { name: 'Acme', domain: `acme-${id}` });
    });
    return id;
  }

  /** Registers a tenant and makes its schema. @returns its id and, quoted, its schema */
  async make(): Promise<{ id: string; schema: string }> {
    const id = await this.register();
    const session = await MigrationSession.open(this.test.owner);
    try {
      expect(await new TenantSchemaMaker(session).make(id)).toMatchObject({ kind: 'done' });
    } finally {
      await session.close();
    }
    return { id, schema: `"${schemaOf(id)}"` };
  }

  async row(id: string): Promise<TenantRow | undefined> {
    const [row] = await this.rows<TenantRow>(
      'SELECT state, schema_version, failure, failed_attempts FROM tenants WHERE id = $1',
      [id],
    );
    return row;
  }

  async states(): Promise<Record<string, number>> {
    const rows = await this.rows<{ state: string; count: number }>(
      'SELECT state, count(*)::integer AS count FROM tenants GROUP BY state',
    );
    return Object.fromEntries(rows.map(({ state, count }) => [state, count]));
  }

  /** Unbound by policies and grants. */
  rows<Row>(query: string, values: unknown[] = []): Promise<Row[]> {
    return this.test.asSuperuser(async (client) => (await client.query(query, values)).rows as Row[]);
  }

  async close(): Promise<void> {
    await this.database.close();
    await this.test.close();
  }
}

/** As the registry names the schemas of tenants that were created and never moved. */
export function schemaOf(tenantId: string): string {
  return `tenant_${tenantId.replaceAll('-', '')}`;
}
