import { access, readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { uuidv7 } from '@capsule/database';
import { DomainError } from '@capsule/errors';
import { createTestDatabase, makeTenantSchema } from '@capsule/testing';

const root = resolve(import.meta.dirname, '../../..');

/**
 * Unique and foreign keys that no request can meet, and why. What is missing here has to be mapped to a code beside
 * its repository, or absorbed by ON CONFLICT there. (Should one be met all the same, the answer is a plain 409.)
 */
const unmet: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'every service': {
    uq_idempotent_requests__key: 'absorbed by its columns in IdempotentRequests',
    uq_dead_letters__open: 'absorbed by its columns in DeadLetters',
  },
  auth: {
    fk_memberships__organization: 'inserted with its organization in one statement',
    fk_memberships__user: 'the user is inserted after it, in the same transaction',
    uq_memberships__user: 'only sign-up inserts one, for the user that it makes',
    uq_organizations__tenant_id: 'the same as the primary key, a new UUID',
    fk_sessions__membership: 'sign-in has found the membership, which nobody can delete',
    fk_refresh_tokens__session: 'inserted with its session, or while the session is locked',
    uq_refresh_tokens__token_hash: 'of 256 random bits',
  },
  billing: {
    fk_entitlements__plan: 'the statement takes the code from plans',
    fk_subscriptions__customer: 'the consumer inserts the customer in the same transaction',
    fk_subscriptions__plan_price:
      'the catalogue has each plan in each currency, and is changed by migrations only',
    uq_subscriptions__active: 'inserted only with the one customer of the tenant',
    fk_usage_records__subscription: 'of the active subscription, which nobody can delete',
    fk_usage_totals__subscription: 'of the active subscription, which nobody can delete',
  },
  deploy: {
    uq_organizations__tenant_id: 'the same as the primary key, which is absorbed',
    fk_projects__organization: 'the service waits for the organization, which nobody can delete',
    fk_apps__project: 'the project was found in the same transaction, and nobody can delete one',
    uq_artifacts__storage_key: 'made of the id',
    fk_archive_uploads__app: 'the app was found before, and nobody can delete one',
    fk_artifacts__app: 'of the app that is being built, and nobody can delete one',
    fk_deployments__project: 'the project of the app',
    fk_deployments__app: 'the app is locked',
    fk_deployments__artifact: 'deployments refer to stored ones, and only pending ones are deleted',
    fk_deployments__rollback_of:
      'the deployment was found in the same transaction, and nobody can delete one',
    fk_deployment_steps__deployment: 'written by the worker that holds the deployment',
    fk_deployment_transitions__deployment: 'written by a trigger of the deployment',
    fk_instances__app: 'of the deployment that the worker holds',
    fk_instances__deployment: 'of the deployment that the worker holds',
    uq_deployments__number: 'the app is locked while numbers are counted',
    uq_deployments__live: 'the app is locked while a deployment takes over',
    uq_deployments__updating: 'the app is locked while a deployment takes over',
    uq_deployment_steps__attempt: 'the work is held while attempts are counted',
    uq_instances__current: 'the work is held while an instance is made',
    uq_instances__routed: 'the app is locked while an instance takes over',
  },
  monitor: {
    fk_series__app: 'the statement joins apps',
    fk_tool_metrics__session: 'the session was found in the same transaction, and nobody can delete one',
    uq_tenants__domain: 'the slug of the organization, which auth keeps unique',
    uq_tenants__schema_name: 'made of the id',
  },
};

/** The reasons above rest on it: nothing else that a key leads to is ever deleted by a service. */
const deletable: Readonly<Record<string, string[]>> = {
  auth: ['event_attempts', 'sessions'],
  billing: ['event_attempts'],
  deploy: ['archive_uploads', 'artifacts', 'event_attempts', 'work_items'],
  monitor: ['dashboard_configs', 'event_attempts'],
};

interface Key {
  name: string;
  met: boolean;
}

// One that the app role can't write, or that is the primary key and more, can't be violated by anything it does.
const KEYS = `
  SELECT DISTINCT k.name, has_any_column_privilege($1, k.relation, 'INSERT') AND NOT EXISTS (
      SELECT FROM pg_index p WHERE p.indrelid = k.relation AND p.indisprimary AND k.kind = 'u'
        AND p.indkey::int2[] <@ k.columns AND k.condition IS NULL) AS met
  FROM (
    SELECT c.relname::text AS name, i.indrelid AS relation, i.indkey::int2[] AS columns, 'u' AS kind, i.indpred AS condition
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indisunique AND NOT i.indisprimary
    UNION ALL
    SELECT conname, conrelid, conkey, 'f', NULL FROM pg_constraint WHERE contype = 'f'
  ) AS k
  JOIN pg_class t ON t.oid = k.relation
  WHERE t.relnamespace::regnamespace::text ~ '^(public|tenant_.*)$' AND NOT t.relispartition
  ORDER BY 1`;

const services = ['auth', 'billing', 'deploy', 'monitor'] as const;

describe.each(services)('a unique or foreign key of %s', (service) => {
  let keys: Key[];
  let deletes: string[];
  let sources: string;
  beforeAll(async () => {
    const test = await createTestDatabase(service);
    if (service === 'monitor') await makeTenantSchema(test, uuidv7());
    keys = await test.asSuperuser(
      async (client) => (await client.query<Key>(KEYS, [`${service}_user`])).rows,
    );
    const found = await test.asSuperuser((client) =>
      client.query<{ name: string }>(
        `SELECT relname AS name FROM pg_class WHERE relnamespace::regnamespace::text ~ '^(public|tenant_.*)$' AND relkind IN ('r', 'p')
           AND has_table_privilege($1, oid, 'DELETE') ORDER BY 1`,
        [`${service}_user`],
      ),
    );
    deletes = found.rows.map(({ name }) => name);
    await test.close();
    const folder = join(root, 'apps', service, 'src');
    const files = (await readdir(folder, { recursive: true })).filter((file) =>
      /(?<!\.spec)\.ts$/.test(file),
    );
    sources = (await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')))).join('\n');
  });

  const mapped = () =>
    [...sources.matchAll(/\b((?:uq|fk|pk)_\w+): '([a-z]+(?:\.[a-z_]+)+)'/g)].map(
      ([, key = '', code = '']) => ({ key, code }),
    );
  const absorbed = () => [...sources.matchAll(/ON CONSTRAINT (\w+)/g)].map(([, key]) => key);

  it('is mapped to a code, absorbed by its statement, or cannot be met', () => {
    const known = new Set<string | undefined>([
      ...mapped().map(({ key }) => key),
      ...absorbed(),
      ...Object.keys({ ...unmet['every service'], ...unmet[service] }),
    ]);
    expect(keys.filter(({ name, met }) => met && !known.has(name)).map(({ name }) => name)).toEqual([]);
  });

  it('that is mapped or absorbed is there, and one said not to be met is neither', () => {
    const names = keys.map(({ name }) => name);
    const handled = [...mapped().map(({ key }) => key), ...absorbed()].filter(
      (key) => !key?.startsWith('pk_'),
    );
    expect(handled.filter((key) => key === undefined || !names.includes(key))).toEqual([]);
    const said = Object.keys(unmet[service] ?? {});
    expect(said.filter((name) => !names.includes(name) || handled.includes(name))).toEqual([]);
  });

  it('leads to rows that stay', () => {
    expect(deletes).toEqual(deletable[service] ?? []);
  });

  it('that is mapped is a conflict with a page of its own', async () => {
    for (const { code } of mapped()) {
      expect(new DomainError(code as DomainError['code']).kind).toBe('conflict');
      await expect(access(join(root, 'docs/errors', `${code}.md`))).resolves.toBeUndefined();
    }
  });
});
