import type { Transaction } from '@capsule/database';
import { createTestDatabase, looked, md5Uuid, QueryPlans } from '@capsule/testing';
import { entities } from './entities.js';
import { OrganizationRepository } from './organizations/organization.repository.js';
import { SessionRepository } from './sessions/session.repository.js';
import { UserRepository } from './users/user.repository.js';

// 300 tenants with 10 members each, of whom everybody has 3 sessions.
const ROWS = `
  SET session_replication_role = replica;
  CREATE TEMP TABLE keys AS SELECT md5('tenant' || t)::uuid AS tenant_id, t || '-' || u AS n
    FROM generate_series(1, 300) t, generate_series(1, 10) u;
  INSERT INTO organizations (id, tenant_id, name, slug)
    SELECT md5('tenant' || t)::uuid, md5('tenant' || t)::uuid, 'o', 'o' || t FROM generate_series(1, 300) t;
  INSERT INTO users (id, email, name, password_hash)
    SELECT md5('user' || n)::uuid, 'Ann' || n || '@example.com', 'Ann', 'x' FROM keys;
  INSERT INTO memberships (tenant_id, user_id, role) SELECT tenant_id, md5('user' || n)::uuid, 'viewer' FROM keys;
  INSERT INTO sessions (id, tenant_id, user_id, expires_at)
    SELECT md5('session' || n || s)::uuid, tenant_id, md5('user' || n)::uuid, now() + interval '1 day'
    FROM keys, generate_series(1, 3) s;
  INSERT INTO refresh_tokens (id, tenant_id, session_id, token_hash, expires_at)
    SELECT md5('token' || n || s)::uuid, tenant_id, md5('session' || n || s)::uuid, digest(n || s, 'sha256'), now()
    FROM keys, generate_series(1, 3) s`;

describe('the hot queries of auth, under policies', () => {
  const sessions = new SessionRepository();
  const users = new UserRepository();
  const tenant = md5Uuid('tenant7');
  const user = md5Uuid('user7-3');
  let plans: QueryPlans;
  beforeAll(async () => {
    const test = await createTestDatabase('auth');
    await test.asSuperuser((client) => client.query(ROWS));
    plans = await QueryPlans.watch(test, entities);
  });
  afterAll(() => plans.close());

  const scansOf = (work: (tx: Transaction) => Promise<unknown>) =>
    plans.scansOf((database) => database.withTenant(tenant, work));
  const overAll = (work: (tx: Transaction) => Promise<unknown>) =>
    plans.scansOf((database) => database.withoutTenant(work));
  it('find where somebody belongs by their e-mail, in any case', async () => {
    expect(await overAll((tx) => users.findHome(tx, 'ANN7-3@EXAMPLE.COM'))).toEqual([
      looked('users', 'uq_users__email', /lower\(email\)/),
      looked('memberships', 'ix_memberships__user_id', /user_id/),
    ]);
  });

  it('find a refresh token by its hash', async () => {
    expect(await overAll((tx) => sessions.findToken(tx, Buffer.alloc(32)))).toEqual([
      looked('refresh_tokens', 'uq_refresh_tokens__token_hash', /token_hash/),
    ]);
  });

  it('lock a refresh token and its session by their ids', async () => {
    const scans = await scansOf((tx) => sessions.lockToken(tx, md5Uuid('token7-31')));
    expect(scans).toEqual([
      looked('refresh_tokens', 'pk_refresh_tokens', /id = /),
      looked('sessions', 'pk_sessions', /id = /),
    ]);
  });

  it('find a user by id, and by the policy whether they are a member here', async () => {
    expect(await scansOf((tx) => users.findById(tx, user))).toEqual([
      looked('users', 'pk_users', /id = /),
      looked('memberships', 'uq_memberships__user', /tenant_id/),
    ]);
  });

  it('find a membership by the user, who has few of them', async () => {
    expect(await scansOf((tx) => new OrganizationRepository().findMembership(tx, user))).toEqual([
      looked('memberships', 'ix_memberships__user_id', /user_id/),
    ]);
  });

  it('delete the ended sessions of a user by tenant and user', async () => {
    expect(await scansOf((tx) => sessions.deleteExpiredOf(tx, user))).toEqual([
      looked('sessions', 'ix_sessions__user', /tenant_id.*user_id/),
    ]);
  });
});
