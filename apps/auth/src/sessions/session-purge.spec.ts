import { randomUUID } from 'node:crypto';
import { sessionRefresh, sessionSignIn, userSignUp } from '@capsule/contracts';
import { uuidv7 } from '@capsule/database';
import {
  createTestDatabase,
  startTestNats,
  type TestDatabase,
  type TestNats,
  TestService,
} from '@capsule/testing';
import { SessionPurge } from './session-purge.js';

const PASSWORD = 'correct horse battery';

describe('the purge of sessions', () => {
  let database: TestDatabase;
  let nats: TestNats;
  let auth: TestService;
  let purge: SessionPurge;

  beforeAll(async () => {
    [database, nats] = await Promise.all([createTestDatabase('auth'), startTestNats()]);
    auth = await TestService.start({
      service: 'auth',
      module: async () => (await import('../app.module.js')).AppModule,
      database,
      nats,
      environment: { AUTH_SERVICE_BCRYPT_COST: '4', JWT_REFRESH_GRACE_SECONDS: '5' },
    });
    purge = auth.app.get(SessionPurge);
  });

  afterAll(async () => {
    await auth?.close();
    await nats?.close();
    await database?.close();
  });

  async function signUp() {
    const email = `${randomUUID()}@example.com`;
    return auth.call(userSignUp, { email, password: PASSWORD, name: 'Ada', organizationName: 'Acme' });
  }

  const refresh = (refreshToken: string) => auth.call(sessionRefresh, { refreshToken });

  function change(query: string, values: unknown[]): Promise<number | null> {
    return database.asSuperuser(async (client) => (await client.query(query, values)).rowCount);
  }

  const sessionsOf = (tenantId: string) => change('SELECT FROM sessions WHERE tenant_id = $1', [tenantId]);
  const tokensOf = (tenantId: string) =>
    change('SELECT FROM refresh_tokens WHERE tenant_id = $1', [tenantId]);
  const expire = (tenantId: string, ago: string) =>
    change('UPDATE sessions SET expires_at = now() - $2::interval WHERE tenant_id = $1', [tenantId, ago]);

  it('deletes what expired of people who never return, in every organization, with all tokens', async () => {
    const gone = [await signUp(), await signUp()];
    await refresh(gone[0]?.refreshToken ?? '');
    for (const { organization } of gone) await expire(organization.id, '25 hours');

    await purge.purge();

    for (const { organization } of gone) {
      expect([await sessionsOf(organization.id), await tokensOf(organization.id)]).toEqual([0, 0]);
    }
  });

  it('keeps sessions that live, that expired within the last day, and that were revoked but not expired', async () => {
    const [live, recent, revoked] = [await signUp(), await signUp(), await signUp()];
    await expire(recent.organization.id, '23 hours');
    await change('UPDATE sessions SET revoked_at = now() WHERE tenant_id = $1', [revoked.organization.id]);

    await purge.purge();

    for (const { organization } of [live, recent, revoked]) expect(await sessionsOf(organization.id)).toBe(1);
    await refresh(live.refreshToken);
  });

  it('deletes of one user what expired, and leaves their other session as it is', async () => {
    const { user, organization, refreshToken } = await signUp();
    const other = await auth.call(sessionSignIn, { email: user.email, password: PASSWORD });
    await change(
      `UPDATE sessions SET expires_at = now() - interval '2 days' WHERE id =
         (SELECT id FROM sessions WHERE tenant_id = $1 ORDER BY id LIMIT 1)`,
      [organization.id],
    );

    await purge.purge();

    expect(await sessionsOf(organization.id)).toBe(1);
    await expect(refresh(refreshToken)).rejects.toMatchObject({ code: 'auth.refresh_token.invalid' });
    await refresh(other.refreshToken);
  });

  it('keeps every used token of a session that lives: its coming again still ends the session', async () => {
    const { organization, refreshToken } = await signUp();
    const successor = await refresh(refreshToken);
    await change(
      `UPDATE refresh_tokens SET rotated_at = now() - interval '60 days', expires_at = now() - interval '30 days'
       WHERE tenant_id = $1 AND rotated_at IS NOT NULL`,
      [organization.id],
    );

    await purge.purge();

    expect(await tokensOf(organization.id)).toBe(2);
    await expect(refresh(refreshToken)).rejects.toMatchObject({ code: 'auth.refresh_token.invalid' });
    await expect(refresh(successor.refreshToken)).rejects.toMatchObject({
      code: 'auth.refresh_token.invalid',
    });
  });

  it('goes on past a full portion, and may run twice at once', async () => {
    const { organization, user } = await signUp();
    const ids = Array.from({ length: 2_500 }, () => uuidv7());
    await change(
      `INSERT INTO sessions (id, tenant_id, user_id, expires_at)
       SELECT id, $2, $3, now() - interval '2 days' FROM unnest($1::uuid[]) AS id`,
      [ids, organization.id, user.id],
    );

    await Promise.all([purge.purge(), purge.purge()]);

    expect(await sessionsOf(organization.id)).toBe(1);
  });
});
