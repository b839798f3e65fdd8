import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../database.js';
import { makeTenantSchema } from '../tenant-schema.js';
import { checkIsolation, Isolation } from './check-isolation.js';
import { isolationMutations } from './isolation-mutations.js';
import { findTenancyFaults } from './tenancy-faults.js';

const acme = '0195e0c4-0000-7000-8000-00000000000a';
const globex = '0195e0c4-0000-7000-8000-00000000000b';

describe.each(['auth', 'billing', 'deploy', 'monitor'] as const)('the database of %s', (service) => {
  const roles = { app: `${service}_user`, owner: `${service}_owner` };
  let test: TestDatabase;
  let superuser: pg.Client;
  let isolation: Isolation;
  beforeAll(async () => {
    test = await createTestDatabase(service);
    if (service === 'monitor') for (const tenant of [acme, globex]) await makeTenantSchema(test, tenant);
    superuser = await test.connectAsSuperuser();
    isolation = await Isolation.prepare(superuser, roles, [acme, globex]);
  });
  afterAll(async () => {
    await superuser.end();
    await test.close();
  });

  it('has row-level security, its policy and the tenant in its keys on every table of tenants', async () => {
    expect(await findTenancyFaults(superuser, roles.app)).toEqual([]);
  });

  it('keeps two tenants apart in everything the service and the owner may do', async () => {
    expect(await checkIsolation(superuser, isolation)).toEqual([]);
  });

  it('would be found out by the isolation checks without any one of its guards', async () => {
    const survivors: string[] = [];
    for (const table of isolation.tables) {
      for (const { name, sql } of isolationMutations(table, isolation.tables)) {
        await superuser.query(`BEGIN; ${sql}`);
        const first = await isolation.findings(table).next();
        if (first.done) survivors.push(name);
        await superuser.query('ROLLBACK');
      }
    }
    expect(survivors).toEqual([]);
  });
});
