import { randomUUID } from 'node:crypto';
import { type ResponseOf, userGetCurrent, userSignUp } from '@capsule/contracts';
import { Database, uuidv7 } from '@capsule/database';
import {
  createTestDatabase,
  startTestNats,
  type TestDatabase,
  type TestNats,
  TestService,
} from '@capsule/testing';

type SignedUp = ResponseOf<typeof userSignUp>;

const TABLES = ['organizations', 'memberships', 'users', 'sessions', 'refresh_tokens'] as const;

describe('users and their organizations', () => {
  let database: TestDatabase;
  let nats: TestNats;
  let auth: TestService;
  let service: Database;
  let acme: SignedUp;
  let other: SignedUp;

  beforeAll(async () => {
    [database, nats] = await Promise.all([createTestDatabase('auth'), startTestNats()]);
    auth = await TestService.start({
      service: 'auth',
      module: async () => (await import('../app.module.js')).AppModule,
      database,
      nats,
      environment: { AUTH_SERVICE_BCRYPT_COST: '4' },
    });
    service = auth.app.get(Database);
    [acme, other] = [await signUp('Acme'), await signUp('Other')];
  });

  afterAll(async () => {
    await auth?.close();
    await nats?.close();
    await database?.close();
  });

  function signUp(organizationName: string): Promise<SignedUp> {
    const email = `${randomUUID()}@example.com`;
    return auth.call(userSignUp, { email, password: 'correct horse battery', name: 'Ada', organizationName });
  }

  function contextOf({ user, organization, role }: SignedUp) {
    return { tenantId: organization.id, actor: { type: 'user' as const, id: user.id, role } };
  }

  describe('get-current', () => {
    it('tells who the caller is and in which role', async () => {
      const { user, organization, role } = acme;
      expect(await auth.call(userGetCurrent, {}, contextOf(acme))).toEqual({ user, organization, role });
    });

    it('refuses a caller without an organization', async () => {
      await expect(auth.call(userGetCurrent, {})).rejects.toMatchObject({ code: 'auth.token.missing' });
    });

    it('refuses who claims more than their token, which auth checks by its own key', async () => {
      const { accessToken } = await auth.issuer.admit(contextOf(acme));
      for (const lie of [contextOf(other), { ...contextOf(acme), tenantId: other.organization.id }]) {
        await expect(auth.call(userGetCurrent, {}, { ...lie, accessToken })).rejects.toMatchObject({
          code: 'auth.token.invalid',
        });
      }
    });

    it('does not find a user in an organization they are no member of', async () => {
      const context = { ...contextOf(acme), tenantId: other.organization.id };
      await expect(auth.call(userGetCurrent, {}, context)).rejects.toMatchObject({
        code: 'auth.user.not_found',
      });
    });
  });

  describe('in the database, as the service sees it', () => {
    it.each(TABLES)(
      '%s of a tenant are all its own, and none are seen outside of any tenant',
      async (table) => {
        const column = table === 'users' ? 'id' : 'tenant_id';
        const seen = await service.withTenant(acme.organization.id, (tx) =>
          tx.query<{ owner: string }>(`SELECT ${column} AS owner FROM ${table}`),
        );
        expect(seen).toEqual([{ owner: table === 'users' ? acme.user.id : acme.organization.id }]);
        const outside = await service.withoutTenant((tx) => tx.query(`SELECT FROM ${table}`));
        expect(outside).toEqual([]);
      },
    );

    it('a user appears in a tenant by a membership and disappears with it', async () => {
      const membershipId = uuidv7();
      const see = () =>
        service.withTenant(other.organization.id, (tx) =>
          tx.query('SELECT FROM users WHERE id = $1', [acme.user.id]),
        );
      expect(await see()).toHaveLength(0);
      await database.asSuperuser((client) =>
        client.query("INSERT INTO memberships (id, tenant_id, user_id, role) VALUES ($1, $2, $3, 'viewer')", [
          membershipId,
          other.organization.id,
          acme.user.id,
        ]),
      );
      expect(await see()).toHaveLength(1);
      await database.asSuperuser((client) =>
        client.query('DELETE FROM memberships WHERE id = $1', [membershipId]),
      );
      expect(await see()).toHaveLength(0);
    });

    it.each([
      ['a membership', 'INSERT INTO memberships (tenant_id, user_id, role) VALUES ($1, $2, $3)', 'viewer'],
      [
        'an organization',
        'INSERT INTO organizations (id, tenant_id, name, slug) VALUES ($1, $1, $2, $3)',
        'new-one',
      ],
    ])('%s cannot be written for another tenant', async (_, statement, last) => {
      const write = service.withTenant(acme.organization.id, (tx) =>
        tx.query(statement, [other.organization.id, acme.user.id, last]),
      );
      await expect(write).rejects.toThrow('row-level security');
    });

    it('a user of another tenant cannot be made a member, nor be seen by trying to', async () => {
      const join = service.withTenant(other.organization.id, async (tx) => {
        await tx.query("INSERT INTO memberships (tenant_id, user_id, role) VALUES ($1, $2, 'viewer')", [
          other.organization.id,
          acme.user.id,
        ]);
        return tx.query('SELECT password_hash FROM users WHERE id = $1', [acme.user.id]);
      });
      await expect(join).rejects.toThrow('is there already');
    });

    it('a membership that is there may be written again and changes nothing', async () => {
      const again = service.withTenant(acme.organization.id, (tx) =>
        tx.query(
          `INSERT INTO memberships (tenant_id, user_id, role) VALUES ($1, $2, 'viewer')
           ON CONFLICT ON CONSTRAINT uq_memberships__user DO NOTHING RETURNING id`,
          [acme.organization.id, acme.user.id],
        ),
      );
      expect(await again).toEqual([]);
    });

    it('a user cannot be written without a membership in the tenant', async () => {
      const write = service.withTenant(acme.organization.id, (tx) =>
        tx.query("INSERT INTO users (email, name, password_hash) VALUES ($1, 'x', 'x')", [
          `${randomUUID()}@x.org`,
        ]),
      );
      await expect(write).rejects.toThrow('row-level security');
    });

    it('a session cannot refer to a member of another tenant', async () => {
      const write = service.withTenant(acme.organization.id, (tx) =>
        tx.query('INSERT INTO sessions (tenant_id, user_id, expires_at) VALUES ($1, $2, now())', [
          acme.organization.id,
          other.user.id,
        ]),
      );
      await expect(write).rejects.toMatchObject({ code: 'platform.request.conflict' });
    });

    it('the functions that look at all tenants return ids only', async () => {
      const [home] = await service.withoutTenant((tx) =>
        tx.query<object>('SELECT * FROM user_find_home($1)', [acme.user.email]),
      );
      expect(home).toEqual({ user_id: acme.user.id, tenant_id: acme.organization.id });
      const [token] = await service.withoutTenant((tx) =>
        tx.query<object>('SELECT * FROM refresh_token_find(sha256($1::bytea))', [other.refreshToken]),
      );
      expect(token).toEqual({ refresh_token_id: expect.any(String), tenant_id: other.organization.id });
    });

    it('finds an account by an index, whatever the case of the e-mail', async () => {
      const plan = await database.asSuperuser(async (client) => {
        await client.query('SET enable_seqscan = off');
        const { rows } = await client.query('EXPLAIN SELECT id FROM users WHERE lower(email) = lower($1)', [
          acme.user.email,
        ]);
        return JSON.stringify(rows);
      });
      expect(plan).toContain('uq_users__email');
    });

    it('reads members and users of a tenant by its indexes', async () => {
      const plan = await service.withTenant(acme.organization.id, async (tx) => {
        await tx.query('SET LOCAL enable_seqscan = off');
        return JSON.stringify(await tx.query('EXPLAIN SELECT * FROM users WHERE id = $1', [acme.user.id]));
      });
      expect(plan).toContain('pk_users');
      expect(plan).toContain('uq_memberships__user');
    });
  });
});
