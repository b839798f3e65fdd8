import { createTestDatabase, makeTenantSchema, type TestDatabase } from '@capsule/testing';
import { uuidv7 } from './uuid.js';

/** The migrated database of a service with every schema that migrations make: monitor's with a tenant's. */
export async function createWholeDatabase(service: TestDatabase['service']): Promise<TestDatabase> {
  const test = await createTestDatabase(service);
  if (service === 'monitor') await makeTenantSchema(test, uuidv7());
  return test;
}

/** @param namespace a column such as `relnamespace`: is it that of such a schema? */
export const isMigrated = (namespace: string): string =>
  `${namespace}::regnamespace::text ~ '^(public|tenant_.*)$'`;
