import { randomUUID } from 'node:crypto';
import { jest } from '@jest/globals';
import { keySetGet, sessionRefresh, sessionSignIn, userSignUp } from '@capsule/contracts';
import { Database } from '@capsule/database';
import {
  createTestDatabase,
  startTestNats,
  type TestDatabase,
  type TestNats,
  TestService,
} from '@capsule/testing';
import bcrypt from 'bcrypt';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { UserRepository } from '../users/user.repository.js';

const PASSWORD = 'correct horse battery';
const GRACE_SECONDS = 5;

describe('sessions', () => {
  let database: TestDatabase;
  let nats: TestNats;
  let auth: TestService;

  beforeAll(async () => {
    [database, nats] = await Promise.all([createTestDatabase('auth'), startTestNats()]);
    auth = await TestService.start({
      service: 'auth',
      module: async () => (await import('../app.module.js')).AppModule,
      database,
      nats,
      environment: { AUTH_SERVICE_BCRYPT_COST: '4', JWT_REFRESH_GRACE_SECONDS: String(GRACE_SECONDS) },
    });
  });

  afterEach(() => {
    jest.restoreAllMocks();
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
  const refused = { code: 'auth.refresh_token.invalid' };

  function change(query: string, values: unknown[]): Promise<number | null> {
    return database.asSuperuser(async (client) => (await client.query(query, values)).rowCount);
  }

  /** Moves everything that was rotated in a tenant out of the grace, as time would. */
  async function letGracePass(tenantId: string): Promise<void> {
    const changed = await change(
      `UPDATE refresh_tokens SET rotated_at = rotated_at - make_interval(secs => $2)
       WHERE tenant_id = $1 AND rotated_at IS NOT NULL`,
      [tenantId, GRACE_SECONDS + 1],
    );
    expect(changed).toBeGreaterThan(0);
  }

  describe('sign-in', () => {
    it('takes the e-mail in any case and hands out an access token that the published key verifies', async () => {
      const { user, organization } = await signUp();
      const tokens = await auth.call(sessionSignIn, { email: user.email.toUpperCase(), password: PASSWORD });
      const keys = createLocalJWKSet(await auth.call(keySetGet, {}));
      const { payload, protectedHeader } = await jwtVerify(tokens.accessToken, keys, {
        issuer: 'capsule',
        audience: 'capsule-api',
      });
      expect(protectedHeader.alg).toBe('RS256');
      expect(payload).toMatchObject({ sub: user.id, tid: organization.id, role: 'owner' });
      expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(900);
      expect(tokens.expiresInSeconds).toBe(900);
    });

    it('publishes no private part of the key', async () => {
      const { keys } = await auth.call(keySetGet, {});
      expect(Object.keys(keys[0] ?? {}).sort()).toEqual(['alg', 'e', 'kid', 'kty', 'n', 'use']);
    });

    it('answers an unknown e-mail and a wrong password alike, after the same queries and the same hashing', async () => {
      const { user } = await signUp();
      const compare = jest.spyOn(bcrypt, 'compare');
      const service = auth.app.get(Database);
      const inTenant = jest.spyOn(service, 'withTenant');
      // Not all work outside of tenants: the relay looks at the outbox meanwhile.
      const lookUps = jest.spyOn(auth.app.get(UserRepository), 'findHome');
      const failures: unknown[] = [];
      const work: unknown[] = [];
      for (const email of [user.email, `${randomUUID()}@example.com`]) {
        await auth
          .call(sessionSignIn, { email, password: 'not the password' })
          .catch((error) => failures.push(error));
        work.push({
          costs: compare.mock.calls.splice(0).map(([, hash]) => bcrypt.getRounds(String(hash))),
          inTenant: inTenant.mock.calls.splice(0).length,
          lookUps: lookUps.mock.calls.splice(0).length,
        });
      }
      expect(failures).toHaveLength(2);
      expect(failures[0]).toMatchObject({ code: 'auth.credentials.invalid' });
      expect(failures[1]).toEqual(failures[0]);
      expect(work[0]).toEqual({ costs: [4], inTenant: 1, lookUps: 1 });
      expect(work[1]).toEqual(work[0]);
    });

    it('deletes the sessions of the user that have expired', async () => {
      const { user, organization } = await signUp();
      await change('UPDATE sessions SET expires_at = now() WHERE tenant_id = $1', [organization.id]);
      await auth.call(sessionSignIn, { email: user.email, password: PASSWORD });
      expect(await change('SELECT FROM sessions WHERE tenant_id = $1', [organization.id])).toBe(1);
      expect(await change('SELECT FROM refresh_tokens WHERE tenant_id = $1', [organization.id])).toBe(1);
    });
  });

  describe('refresh', () => {
    it('exchanges a token for its successor and a new access token of the same session', async () => {
      const first = await signUp();
      const second = await refresh(first.refreshToken);
      expect(second.refreshToken).not.toBe(first.refreshToken);
      expect(claims(second.accessToken)).toMatchObject({
        sid: claims(first.accessToken)['sid'],
        sub: first.user.id,
      });
      expect(claims(second.accessToken)['jti']).not.toBe(claims(first.accessToken)['jti']);
      const third = await refresh(second.refreshToken);
      expect(third.refreshToken).not.toBe(second.refreshToken);
    });

    it('gives ten parallel refreshes of one token the same successor', async () => {
      const { refreshToken, organization } = await signUp();
      const answers = await Promise.all(Array.from({ length: 10 }, () => refresh(refreshToken)));
      expect(new Set(answers.map((answer) => answer.refreshToken)).size).toBe(1);
      expect(await change('SELECT FROM refresh_tokens WHERE tenant_id = $1', [organization.id])).toBe(2);
      await refresh(answers[0]?.refreshToken ?? '');
    });

    it('gives a repeated refresh within the grace the same successor, also when that one was used already', async () => {
      const { refreshToken } = await signUp();
      const second = await refresh(refreshToken);
      const third = await refresh(second.refreshToken);
      expect((await refresh(refreshToken)).refreshToken).toBe(second.refreshToken);
      expect((await refresh(second.refreshToken)).refreshToken).toBe(third.refreshToken);
    });

    it('ends the whole family when a used token comes again after the grace', async () => {
      const { refreshToken, organization } = await signUp();
      const second = await refresh(refreshToken);
      await letGracePass(organization.id);
      await expect(refresh(refreshToken)).rejects.toMatchObject(refused);
      await expect(refresh(second.refreshToken)).rejects.toMatchObject(refused);
      expect(
        await change('SELECT FROM sessions WHERE tenant_id = $1 AND revoked_at IS NOT NULL', [
          organization.id,
        ]),
      ).toBe(1);
    });

    it('ends that family only: another session of the same user goes on', async () => {
      const { refreshToken, organization, user } = await signUp();
      const other = await auth.call(sessionSignIn, { email: user.email, password: PASSWORD });
      await refresh(refreshToken);
      await letGracePass(organization.id);
      await expect(refresh(refreshToken)).rejects.toMatchObject(refused);
      await expect(refresh(other.refreshToken)).resolves.toMatchObject({ tokenType: 'Bearer' });
    });

    it('ends the family once when ten replays arrive at the moment of an honest refresh', async () => {
      const { refreshToken, organization } = await signUp();
      const second = await refresh(refreshToken);
      await letGracePass(organization.id);
      const replays = Array.from({ length: 10 }, () => refresh(refreshToken));
      const [honest, ...outcomes] = await Promise.allSettled([refresh(second.refreshToken), ...replays]);
      for (const outcome of outcomes) expect(outcome).toMatchObject({ status: 'rejected', reason: refused });
      const latest = honest?.status === 'fulfilled' ? honest.value.refreshToken : second.refreshToken;
      await expect(refresh(latest)).rejects.toMatchObject(refused);
    });

    it.each([
      ['an unknown token', () => randomToken()],
      ['something that is no token', () => 'x'],
      ['an access token', async () => (await signUp()).accessToken.slice(0, 512)],
    ])('refuses %s', async (_, token) => {
      await expect(refresh(await token())).rejects.toMatchObject(refused);
    });

    it('refuses an expired token', async () => {
      const { refreshToken, organization } = await signUp();
      await change('UPDATE refresh_tokens SET expires_at = now() WHERE tenant_id = $1', [organization.id]);
      await expect(refresh(refreshToken)).rejects.toMatchObject(refused);
    });

    it('refuses a fresh token of a session that has expired, and no token outlives its session', async () => {
      const { refreshToken, organization } = await signUp();
      const late = await change(
        `SELECT FROM refresh_tokens t JOIN sessions s ON s.id = t.session_id
         WHERE t.tenant_id = $1 AND t.expires_at > s.expires_at`,
        [organization.id],
      );
      expect(late).toBe(0);
      await change('UPDATE sessions SET expires_at = now() WHERE tenant_id = $1', [organization.id]);
      await expect(refresh(refreshToken)).rejects.toMatchObject(refused);
    });

    it('carries the role that the member has now', async () => {
      const { refreshToken, organization } = await signUp();
      await change("UPDATE memberships SET role = 'viewer' WHERE tenant_id = $1", [organization.id]);
      expect(claims((await refresh(refreshToken)).accessToken)['role']).toBe('viewer');
    });
  });
});

function randomToken(): string {
  return Buffer.from(`${randomUUID()}${randomUUID()}`.replaceAll('-', ''), 'hex').toString('base64url');
}

function claims(accessToken: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(accessToken.split('.')[1] ?? '', 'base64url').toString());
}
