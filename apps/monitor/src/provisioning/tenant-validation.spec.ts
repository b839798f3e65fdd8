import { eachMigrator } from './each-migrator.js';
import { TENANT_MIGRATIONS } from './tenant-migrations.js';
import { findFaults } from './tenant-validation.js';
import { TenantsFixture } from './tenants.fixture.js';

describe("the validation of tenants' schemas", () => {
  let tenants: TenantsFixture;
  beforeAll(async () => void (tenants = await TenantsFixture.create()));
  afterAll(() => tenants.close());

  const validate = async () => {
    const results = await eachMigrator(tenants.test.owner, 2, TENANT_MIGRATIONS, findFaults);
    return Object.fromEntries(
      results.map((each) => [each.tenant.id, 'result' in each ? each.result : each.error]),
    );
  };

  it('finds each as its migrations made it, then what was altered by hand in one of them', async () => {
    const [one, other] = [await tenants.make(), await tenants.make()];
    expect(await validate()).toEqual({ [one.id]: [], [other.id]: [] });
    await tenants.rows(`ALTER POLICY tenant ON ${one.schema}.users USING (true)`);
    await tenants.rows(`ALTER TABLE ${one.schema}.tool_metrics DROP COLUMN succeeded`);
    expect(await validate()).toEqual({
      [one.id]: [
        'table tool_metrics: column succeeded is missing, expected boolean NOT NULL',
        expect.stringMatching(
          /^table users: policy tenant is permissive for all to PUBLIC using \(true\) with check/,
        ),
      ],
      [other.id]: [],
    });
  });
});
