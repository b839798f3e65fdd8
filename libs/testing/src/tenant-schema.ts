import { migrationsFolder, Migrator } from '@capsule/database';
import type { TestDatabase } from './database.js';

/** Gives a tenant of monitor its schema, as the provisioner does. @returns its name */
export async function makeTenantSchema(database: TestDatabase, tenantId: string): Promise<string> {
  const schema = `tenant_${tenantId.replaceAll('-', '')}`;
  await database.asSuperuser((client) =>
    client.query(`CREATE SCHEMA ${schema} AUTHORIZATION ${database.owner.user}`),
  );
  const options = { schema, placeholders: { schema, tenantId } };
  await new Migrator(database.owner, migrationsFolder('monitor-tenant'), options).migrate();
  return schema;
}
