import { jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { createDataSource, Database } from '@capsule/database';
import { createTestDatabase, md5Uuid, type TestDatabase } from '@capsule/testing';
import { OrganizationRepository } from '../organization/organization.repository.js';
import { OrganizationService } from '../organization/organization.service.js';
import { SamplePurge } from './sample-purge.js';
import { SampleRepository } from './sample.repository.js';

const TENANTS = ['a', 'b', 'c'].map(md5Uuid).sort();

const ORGANIZATIONS = `
  INSERT INTO organizations (tenant_id, name, metrics_retention_days) SELECT unnest($1::uuid[]), 'Acme', 7`;
const APPS = `
  INSERT INTO apps (id, tenant_id, project_id, name, host, usage_recorded_through)
  SELECT id, id, id, 'web', id, now() FROM unnest($1::uuid[]) AS id`;
// An expired and a fresh one for each.
const SAMPLES = `
  WITH own AS (
    INSERT INTO series (tenant_id, app_id, deployment_id, instance_id, last_sample_at)
    SELECT id, id, id, id, now() FROM unnest($1::uuid[]) AS id RETURNING id
  )
  INSERT INTO samples (series_id, sampled_at, cpu_seconds_total, memory_bytes)
  SELECT own.id, now() - days * interval '1 day', 1, 1 FROM own, unnest(ARRAY[1, 30]) AS days`;

describe('the purge of samples that no plan keeps', () => {
  let test: TestDatabase;
  let database: Database;
  beforeAll(async () => {
    test = await createTestDatabase('monitor');
    const settings = { ...test.settings, queryTimeoutMs: 2_000 };
    database = new Database(await createDataSource(settings, settings.user, []).initialize());
    for (const statement of [ORGANIZATIONS, APPS, SAMPLES]) {
      await test.asSuperuser((client) => client.query(statement, [TENANTS]));
    }
  });
  afterAll(async () => {
    await database?.close();
    await test?.close();
  });

  const kept = () =>
    Promise.all(
      TENANTS.map((tenantId) =>
        database.withTenant(tenantId, async (tx) => (await tx.query('SELECT FROM tenant_samples')).length),
      ),
    );

  it('goes on after an organization whose samples somebody holds, and comes back to it', async () => {
    const purge = new SamplePurge(
      database,
      new OrganizationService(database, new OrganizationRepository()),
      new SampleRepository(),
    );
    const [first = ''] = TENANTS;
    const log = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    const blocker = await test.connectAsSuperuser();
    try {
      await blocker.query('BEGIN');
      await blocker.query(
        'SELECT FROM samples JOIN series ON series.id = series_id WHERE tenant_id = $1 FOR UPDATE OF samples',
        [first],
      );
      await purge.purgeAll();
      expect(log.mock.calls).toEqual([[expect.stringContaining(first), expect.anything()]]);
      expect(await kept()).toEqual([2, 1, 1]);
      await blocker.query('ROLLBACK');
      await purge.purgeAll();
      expect(await kept()).toEqual([1, 1, 1]);
    } finally {
      log.mockRestore();
      await blocker.end();
    }
  });
});
