import { randomUUID } from 'node:crypto';
import { jest } from '@jest/globals';
import { Controller, type INestApplication } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { planList, type ResponseOf, type Role, subscriptionGet } from '@capsule/contracts';
import { MessagingModule, NatsConnection, Rpc, RpcClient, RpcServer } from '@capsule/messaging';
import { currentContext, type RequestContext, runInContext } from '@capsule/telemetry';
import { eventually, startTestNats, TestIssuer, type TestNats } from '@capsule/testing';
import { ADMITTED_GRACE_SECONDS } from './admitted-grace.js';
import { SecurityModule } from './security.module.js';

const subscription: ResponseOf<typeof subscriptionGet> = {
  planCode: 'free',
  currency: 'EUR',
  entitlements: {
    maxProjects: 1,
    maxApps: 1,
    maxConcurrentBuilds: 1,
    maxInstanceMemoryBytes: 1,
    metricsRetentionDays: 1,
  },
  currentPeriodStart: '2030-01-01T00:00:00.000Z',
  currentPeriodEnd: '2030-02-01T00:00:00.000Z',
  status: 'active',
};

/** In whose name requests reached the handlers. */
let served: RequestContext[];

@Controller()
class SubscriptionController {
  @Rpc(subscriptionGet)
  get(): ResponseOf<typeof subscriptionGet> {
    served.push(currentContext() as RequestContext);
    return subscription;
  }

  @Rpc(planList)
  list(): ResponseOf<typeof planList> {
    served.push(currentContext() as RequestContext);
    return { items: [], nextCursor: null };
  }
}

const acme = { tenantId: randomUUID(), userId: randomUUID(), role: 'admin' } as const;
const rival = { tenantId: randomUUID(), userId: randomUUID(), role: 'owner' } as const;

/** What the headers of a request say. */
const claimOf = ({
  tenantId,
  userId,
  role,
}: {
  tenantId: string;
  userId: string;
  role: Role;
}): RequestContext => ({
  requestId: 'r',
  tenantId,
  actor: { type: 'user', id: userId, role },
});

describe('a service believes of tenant and actor what the access token proves', () => {
  let nats: TestNats;
  let issuer: TestIssuer;
  let billing: INestApplication;
  let gateway: NatsConnection;
  let skewMs: number;

  beforeAll(async () => {
    nats = await startTestNats();
    gateway = await NatsConnection.open('gateway', nats.settings('gateway'));
  });
  afterAll(async () => {
    await gateway.close();
    await nats.close();
  });

  beforeEach(async () => {
    served = [];
    skewMs = 0;
    const now = Date.now;
    jest.spyOn(Date, 'now').mockImplementation(() => now() + skewMs);
    issuer = await TestIssuer.create();
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await billing.close();
    await issuer.close();
  });

  async function startBilling(): Promise<void> {
    const imports = [
      MessagingModule.forApp({ app: 'billing', nats: nats.settings('billing') }),
      SecurityModule.forService({ issuer: 'capsule', audience: 'capsule-api' }),
    ];
    const module = await Test.createTestingModule({
      imports,
      controllers: [SubscriptionController],
    }).compile();
    billing = module.createNestApplication(new FastifyAdapter(), { logger: false });
    billing.connectMicroservice({ strategy: billing.get(RpcServer) });
    await billing.startAllMicroservices();
    await billing.init();
  }

  /** With the gateway's own credentials, which may publish any request with any headers. */
  function ask(context: RequestContext, accessToken?: string): Promise<unknown> {
    const call = () => new RpcClient(gateway).call(subscriptionGet, {});
    return runInContext({ ...context, accessToken }, call).then(
      () => 'served',
      (error: { code: string }) => error.code,
    );
  }

  describe('with the keys at hand', () => {
    beforeEach(async () => {
      await issuer.answerForKeys(nats);
      await startBilling();
    });

    it('serves the tenant and actor of the token, the first time and again', async () => {
      const token = await issuer.token(rival);
      expect([await ask(claimOf(rival), token), await ask(claimOf(rival), token)]).toEqual([
        'served',
        'served',
      ]);
      expect(served).toMatchObject([claimOf(rival), claimOf(rival)]);
    });

    it('refuses a request without a token, whatever its headers say', async () => {
      expect(await ask(claimOf(rival))).toBe('auth.token.missing');
      expect(served).toEqual([]);
    });

    it.each<[string, Partial<RequestContext>]>([
      ['another tenant', { tenantId: rival.tenantId }],
      ['no tenant', { tenantId: undefined }],
      ['another user', { actor: { type: 'user', id: rival.userId, role: 'owner' } }],
      ['a role above', { actor: { type: 'user', id: acme.userId, role: 'owner' } }],
      ['a service for the user', { actor: { type: 'service', id: acme.userId, role: 'admin' } }],
      ['no actor', { actor: undefined }],
    ])('refuses headers that name %s than a valid token, known or not', async (_what, forged) => {
      const token = await issuer.token(acme);
      const lie = { ...claimOf(acme), ...forged };
      expect(await ask(lie, token)).toBe('auth.token.invalid');
      expect(await ask(claimOf(acme), token)).toBe('served');
      expect(await ask(lie, token)).toBe('auth.token.invalid');
      expect(served).toHaveLength(1);
    });

    it('refuses by the role of the token what that role may not do', async () => {
      const viewer = { ...acme, role: 'viewer' } as const;
      expect(await ask(claimOf(viewer), await issuer.token(viewer))).toBe('platform.permission.denied');
      expect(await ask(claimOf(acme), await issuer.token(viewer))).toBe('auth.token.invalid');
    });

    it('refuses a token of another key, of another issuer, and what is none', async () => {
      const stranger = await TestIssuer.create();
      const tokens = [
        await stranger.token(rival),
        await issuer.token(rival, { issuer: 'elsewhere' }),
        'x.y.z',
      ];
      for (const token of tokens) expect(await ask(claimOf(rival), token)).toBe('auth.token.invalid');
    });

    it('asks for no token where the contract is public, and knows nobody there', async () => {
      await runInContext(claimOf(rival), () => new RpcClient(gateway).call(planList, {}));
      expect(served).toMatchObject([{ tenantId: undefined, actor: undefined }]);
    });

    it('serves a token until the longest admitted request is over, and not beyond', async () => {
      const during = await issuer.token(rival, { expiresInSeconds: 60 - ADMITTED_GRACE_SECONDS });
      const after = await issuer.token(rival, { expiresInSeconds: -60 - ADMITTED_GRACE_SECONDS });
      expect(await ask(claimOf(rival), during)).toBe('served');
      expect(await ask(claimOf(rival), after)).toBe('auth.token.expired');
    });

    it('serves who comes with a known key while auth is away', async () => {
      await ask(claimOf(rival), await issuer.token(rival));
      await issuer.close();
      expect(await ask(claimOf(rival), await issuer.token(rival))).toBe('served');
    });

    it('finds the key that auth signs with from now on', async () => {
      await ask(claimOf(rival), await issuer.token(rival));
      await issuer.close();
      issuer = await TestIssuer.create();
      await issuer.answerForKeys(nats);
      skewMs += 11_000;
      expect(await ask(claimOf(rival), await issuer.token(rival))).toBe('served');
    });
  });

  it('starts without auth, answers unavailable meanwhile, and serves from the moment the keys can be had', async () => {
    await startBilling();
    const token = await issuer.token(rival);
    expect(await ask(claimOf(rival), token)).toBe('platform.upstream.unavailable');
    await issuer.answerForKeys(nats);
    expect(await ask(claimOf(rival), token)).toBe('served');
  });

  it('fetches the keys before a token needs them', async () => {
    await issuer.answerForKeys(nats);
    await startBilling();
    await eventually(() => expect(issuer.keyRequests).toBe(1));
    await issuer.close();
    expect(await ask(claimOf(rival), await issuer.token(rival))).toBe('served');
  });
});
