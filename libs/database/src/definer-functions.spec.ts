import { createTestDatabase } from '@capsule/testing';

/** What functions over all tenants tell beyond ids, each looked at; `returns` is what they return when it is no table. */
const tellsMore: Readonly<Record<string, { columns: string[]; because: string }>> = {
  outbox_claim: {
    columns: ['type', 'envelope', 'created_at', 'attempts'],
    because: 'the relay publishes what the row says, and to one stream',
  },
  outbox_mark_published: { columns: ['integer'], because: 'how many' },
  outbox_mark_failed: { columns: ['void'], because: 'nothing' },
  outbox_republish_lost: { columns: ['integer'], because: 'how many' },
  outbox_depth: { columns: ['unpublished', 'oldest_age_seconds'], because: 'a number for the metrics' },
  dead_letter_list: {
    columns: ['consumer', 'event_type', 'error', 'attempts', 'created_at', 'replayed_at'],
    because: "the operator's list; no payload",
  },
  purge_history: { columns: ['integer'], because: 'how many' },
  work_claim: { columns: ['kind', 'lane'], because: 'which queue, and in which lane' },
  work_extend: { columns: ['interrupted'], because: 'whether to stop' },
  work_release: { columns: ['void'], because: 'nothing' },
  instance_reconcile: { columns: ['verdict'], because: 'what does not fit' },
  edge_routes: {
    columns: ['host', 'address_host', 'address_port'],
    because: 'the edge is one for all tenants: a host and where it leads, which is public',
  },
  tenants_by_state: { columns: ['state', 'tenants'], because: 'a number for the metrics' },
  tenant_set_schema_version: { columns: ['trigger'], because: 'nothing' },
  refuse_known_user: { columns: ['trigger'], because: 'that it refuses; the caller named the user' },
};

/** Functions that run as the owner, whom FORCE binds to the context: they see no other tenant than their caller does. */
const asOwner: Readonly<Record<string, string>> = {
  record_samples: 'writes samples of series the context may see',
  purge_expired_samples: 'deletes samples of series the context may see',
  maintain_sample_partitions:
    'makes and drops partitions by the clock alone; the provisioner calls it, and the service may until the release that did is gone',
};

interface DefinerFunction {
  name: string;
  owner: string;
  settings: string[];
  mayExecute: string[];
  tells: string[];
}

const FUNCTIONS = `
  SELECT p.proname AS name, pg_get_userbyid(p.proowner) AS owner, coalesce(p.proconfig, '{}') AS settings,
    ARRAY(SELECT coalesce(r.rolname::text, 'PUBLIC') FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) acl
          LEFT JOIN pg_roles r ON r.oid = acl.grantee WHERE acl.grantee <> p.proowner) AS "mayExecute",
    CASE WHEN p.proargmodes IS NULL
      THEN ARRAY(SELECT format_type(p.prorettype, NULL) WHERE p.prorettype <> 'uuid'::regtype)
      ELSE ARRAY(SELECT name FROM unnest(p.proallargtypes, p.proargmodes, p.proargnames) AS a (type, mode, name)
                 WHERE mode IN ('o', 't') AND type <> 'uuid'::regtype)
    END AS tells
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
  WHERE p.prosecdef AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
  ORDER BY 1`;

describe.each(['auth', 'billing', 'deploy', 'monitor'] as const)(
  'every function of %s that runs with rights other than its caller has',
  (service) => {
    let functions: DefinerFunction[];
    beforeAll(async () => {
      const test = await createTestDatabase(service);
      functions = await test.asSuperuser(
        async (client) => (await client.query<DefinerFunction>(FUNCTIONS)).rows,
      );
      await test.close();
    });

    const namesWhere = (isWrong: (each: DefinerFunction) => boolean) =>
      functions.filter(isWrong).map(({ name }) => name);

    it('is there to be looked at', () => {
      expect(functions.length).toBeGreaterThan(6);
    });

    it('looks for names where nobody can put others in their place', () => {
      const allowed = ['search_path=pg_catalog, pg_temp', 'search_path=pg_catalog, public, pg_temp'];
      expect(namesWhere(({ settings }) => !settings.some((each) => allowed.includes(each)))).toEqual([]);
    });

    it('belongs to the role that cannot log in, or to the owner, whom policies bind, for a reason', () => {
      const others = functions.filter(({ owner }) => owner !== `${service}_claimer`);
      expect(others.every(({ owner, name }) => owner === `${service}_owner` && name in asOwner)).toBe(true);
    });

    it('may be called by the service and by nobody else', () => {
      const callers = [`${service}_user`, `${service}_claimer`, `${service}_owner`];
      expect(namesWhere(({ mayExecute }) => mayExecute.some((role) => !callers.includes(role)))).toEqual([]);
    });

    it('tells ids of all tenants, and beyond ids only what was looked at', () => {
      const told = functions.filter(({ owner }) => owner === `${service}_claimer`);
      const unexpected = told.flatMap(({ name, tells }) =>
        tells
          .filter((column) => !tellsMore[name]?.columns.includes(column))
          .map((column) => `${name}: ${column}`),
      );
      expect(unexpected).toEqual([]);
    });
  },
);

describe('the role that functions over all tenants run as', () => {
  it('reads no secret: neither hashes of passwords nor what customers and samples say', async () => {
    const readable = async (service: 'auth' | 'billing', table: string) => {
      const test = await createTestDatabase(service);
      const { rows } = await test.asSuperuser((client) =>
        client.query(
          `SELECT attname AS name FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0
             AND has_column_privilege($2, attrelid, attnum, 'SELECT') ORDER BY attnum`,
          [table, `${service}_claimer`],
        ),
      );
      await test.close();
      return rows.map((row) => row.name);
    };
    expect(await readable('auth', 'users')).toEqual(['id', 'email']);
    expect(await readable('billing', 'customers')).toEqual([]);
  });
});
