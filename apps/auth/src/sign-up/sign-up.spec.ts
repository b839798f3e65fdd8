import { randomUUID } from 'node:crypto';
import { memberAdded, organizationCreated, type RequestInputOf, userSignUp } from '@capsule/contracts';
import {
  createTestDatabase,
  startTestNats,
  type TestDatabase,
  type TestNats,
  TestService,
} from '@capsule/testing';

type SignUp = RequestInputOf<typeof userSignUp>;

const PASSWORD = 'correct horse battery';

/** The rows that a sign-up adds to each table. */
const ONE_ACCOUNT = { users: 1, organizations: 1, memberships: 1, sessions: 1, events: 2 };

function request(changes: Partial<SignUp> = {}): SignUp {
  const email = `${randomUUID()}@example.com`;
  return { email, password: PASSWORD, name: 'Ada', organizationName: `Acme ${randomUUID()}`, ...changes };
}

describe('sign-up', () => {
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
      environment: { AUTH_SERVICE_BCRYPT_COST: '4' },
    });
  });

  afterAll(async () => {
    await auth?.close();
    await nats?.close();
    await database?.close();
  });

  function rows<Row>(query: string, values: unknown[] = []): Promise<Row[]> {
    return database.asSuperuser(async (client) => (await client.query(query, values)).rows as Row[]);
  }

  async function countAccounts(): Promise<Record<string, number>> {
    const [counts] = await rows<Record<string, number>>(
      `SELECT (SELECT count(*)::int FROM users) AS users, (SELECT count(*)::int FROM organizations) AS organizations,
              (SELECT count(*)::int FROM memberships) AS memberships, (SELECT count(*)::int FROM sessions) AS sessions,
              (SELECT count(*)::int FROM outbox) AS events`,
    );
    return counts ?? {};
  }

  it('makes user, organization, owner membership, session and events, all or nothing', async () => {
    const before = await countAccounts();
    const sent = request({ organizationName: 'Søn & Co' });
    const made = await auth.call(userSignUp, sent);
    expect(made).toMatchObject({
      user: { email: sent.email, name: 'Ada' },
      organization: { name: 'Søn & Co', slug: 'son-and-co' },
      role: 'owner',
      tokenType: 'Bearer',
      expiresInSeconds: 900,
    });
    const after = await countAccounts();
    for (const [table, count] of Object.entries(ONE_ACCOUNT))
      expect([table, after[table]]).toEqual([table, (before[table] ?? 0) + count]);

    const [event] = await rows<{ tenant_id: string; envelope: Record<string, unknown> }>(
      'SELECT tenant_id, envelope FROM outbox WHERE type = $1 AND tenant_id = $2',
      [organizationCreated.type, made.organization.id],
    );
    expect(event?.envelope).toMatchObject({
      tenantid: made.organization.id,
      subject: made.organization.id,
      actor: { type: 'user', id: made.user.id },
      data: {
        organizationId: made.organization.id,
        name: 'Søn & Co',
        slug: 'son-and-co',
        ownerUserId: made.user.id,
        ownerEmail: sent.email,
        createdAt: made.organization.createdAt,
      },
    });
    const [member] = await rows<{ envelope: Record<string, unknown> }>(
      'SELECT envelope FROM outbox WHERE type = $1 AND tenant_id = $2',
      [memberAdded.type, made.organization.id],
    );
    expect(member?.envelope).toMatchObject({
      tenantid: made.organization.id,
      subject: made.user.id,
      data: {
        organizationId: made.organization.id,
        userId: made.user.id,
        email: sent.email,
        name: 'Ada',
        role: 'owner',
        addedAt: made.user.createdAt,
      },
    });
    const audited = await rows('SELECT created_by FROM users WHERE id = $1', [made.user.id]);
    expect(audited).toEqual([{ created_by: made.user.id }]);
  });

  it('leaves nothing behind when the event cannot be recorded', async () => {
    const before = await countAccounts();
    await rows('ALTER TABLE outbox ADD CONSTRAINT ck_outbox__closed CHECK (false) NOT VALID');
    try {
      await expect(auth.call(userSignUp, request())).rejects.toMatchObject({
        code: 'platform.request.internal',
      });
    } finally {
      await rows('ALTER TABLE outbox DROP CONSTRAINT ck_outbox__closed');
    }
    expect(await countAccounts()).toEqual(before);
  });

  it('never returns or stores the password itself', async () => {
    const sent = request({ password: 'a very recognisable secret' });
    const made = await auth.call(userSignUp, sent, { idempotencyKey: randomUUID() });
    expect(JSON.stringify(made)).not.toContain(sent.password);
    const dump = await rows<{ dump: string }>(
      `SELECT coalesce((SELECT json_agg(u) FROM users u), '[]')::text
              || coalesce((SELECT json_agg(o) FROM outbox o), '[]')::text
              || coalesce((SELECT json_agg(r) FROM idempotent_requests r), '[]')::text
              || coalesce((SELECT json_agg(t) FROM refresh_tokens t), '[]')::text AS dump`,
    );
    expect(dump[0]?.dump).toContain(sent.email);
    expect(dump[0]?.dump).not.toContain(sent.password);
    expect(dump[0]?.dump).not.toContain(made.refreshToken);
  });

  it.each([
    ['email', { email: 'nobody' }],
    ['password', { password: 'short' }],
    ['name', { name: ' ' }],
    ['organizationName', { organizationName: 'a\u0000b' }],
    ['admin', { admin: true } as Partial<SignUp>],
  ])('refuses a request whose %s is invalid, naming the field', async (field, changes) => {
    await expect(auth.call(userSignUp, request(changes))).rejects.toMatchObject({
      code: 'platform.request.invalid',
      fieldErrors: expect.arrayContaining([expect.objectContaining({ path: field })]),
    });
  });

  it('refuses an e-mail that an account has in any case, and leaves nothing behind', async () => {
    const first = request();
    await auth.call(userSignUp, first);
    const before = await countAccounts();
    const again = request({ email: first.email.toUpperCase() });
    await expect(auth.call(userSignUp, again)).rejects.toMatchObject({ code: 'auth.user.email_taken' });
    expect(await countAccounts()).toEqual(before);
  });

  it('lets one of ten sign-ups with the same e-mail at once win', async () => {
    const before = await countAccounts();
    const email = `${randomUUID()}@example.com`;
    const outcomes = await Promise.allSettled(
      Array.from({ length: 10 }, () => auth.call(userSignUp, request({ email }))),
    );
    const lost = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(lost).toHaveLength(9);
    for (const { reason } of lost) expect(reason).toMatchObject({ code: 'auth.user.email_taken' });
    const after = await countAccounts();
    for (const [table, count] of Object.entries(ONE_ACCOUNT))
      expect([table, after[table]]).toEqual([table, (before[table] ?? 0) + count]);
  });

  it('gives every organization a slug of its own, also when twenty of one name are founded at once', async () => {
    const made = await Promise.all(
      Array.from({ length: 20 }, () => auth.call(userSignUp, request({ organizationName: 'Popular Name' }))),
    );
    const slugs = made.map(({ organization }) => organization.slug);
    expect(new Set(slugs).size).toBe(20);
    expect(slugs.filter((slug) => slug === 'popular-name')).toHaveLength(1);
    for (const slug of slugs) expect(slug).toMatch(/^popular-name(-[a-z2-9]{4})?$/);
  });

  describe('with an Idempotency-Key', () => {
    it('sent twice founds one organization, and answers both times with a session', async () => {
      const context = { idempotencyKey: randomUUID() };
      const sent = request();
      const [first, second] = await Promise.all([
        auth.call(userSignUp, sent, context),
        auth.call(userSignUp, sent, context),
      ]);
      expect(second.user).toEqual(first.user);
      expect(second.organization).toEqual(first.organization);
      expect(second.refreshToken).not.toBe(first.refreshToken);
      const events = await rows('SELECT FROM outbox WHERE tenant_id = $1', [first.organization.id]);
      expect(events).toHaveLength(2);
    });

    it('is no credential: with another password it gives nothing', async () => {
      const context = { idempotencyKey: randomUUID() };
      const sent = request();
      await auth.call(userSignUp, sent, context);
      const stolen = auth.call(userSignUp, { ...sent, password: 'guess guess guess' }, context);
      await expect(stolen).rejects.toMatchObject({ code: 'platform.request.idempotency_key_reused' });
    });

    it('refuses another body under the same key', async () => {
      const context = { idempotencyKey: randomUUID() };
      const sent = request();
      await auth.call(userSignUp, sent, context);
      const other = auth.call(userSignUp, { ...sent, organizationName: 'Another' }, context);
      await expect(other).rejects.toMatchObject({ code: 'platform.request.idempotency_key_reused' });
    });
  });
});
