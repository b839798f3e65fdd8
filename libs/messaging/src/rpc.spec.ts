import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Controller, type INestApplication, type PipeTransform, UsePipes } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import {
  planList,
  projectCreate,
  projectGet,
  projectList,
  sessionSignIn,
  type RequestOf,
  type ResponseOf,
} from '@capsule/contracts';
import { DomainError } from '@capsule/errors';
import {
  currentContext,
  registry,
  requireTenant,
  runInContext,
  type RequestContext,
} from '@capsule/telemetry';
import { eventually, startTestNats, type TestNats } from '@capsule/testing';
import { headers } from '@nats-io/transport-node';
import { CallerVerifier } from './caller-verifier.js';
import { MessagingModule } from './messaging.module.js';
import { NatsConnection } from './nats-connection.js';
import { toHeaders } from './request-headers.js';
import { RpcClient } from './rpc-client.js';
import { RpcServer } from './rpc-server.js';
import { Rpc } from './rpc.decorator.js';
import { VerifierModule } from './verifier.fixture.js';

type Project = ResponseOf<typeof projectGet>;

const tenantId = randomUUID();
const projectId = randomUUID();
const developer: RequestContext = {
  requestId: 'request-1',
  tenantId,
  actor: { type: 'user', id: randomUUID(), role: 'developer' },
  idempotencyKey: 'key-1',
  accessToken: `token of ${tenantId}`,
};

function project(name: string): Project {
  const now = new Date().toISOString();
  return { id: projectId, name, createdAt: now, updatedAt: now };
}

/** Stands for the deploy service; `behaviour` is what the test at hand wants of it. */
let behaviour: (request: RequestOf<typeof projectGet>) => Promise<Project>;
let handled = 0;

/** The contract has checked the request: Nest takes no time to look at it again. */
const neverRun: PipeTransform = {
  transform: () => {
    throw new Error('a pipe was run');
  },
};

@Controller()
@UsePipes(neverRun)
class ProjectController {
  @Rpc(projectGet)
  get(request: RequestOf<typeof projectGet>): Promise<Project> {
    handled += 1;
    return behaviour(request);
  }

  @Rpc(projectCreate)
  create(request: RequestOf<typeof projectCreate>): Project {
    handled += 1;
    return project(request.name);
  }
}

describe('a request between two services', () => {
  let nats: TestNats;
  let deploy: INestApplication;
  let gateway: NatsConnection;
  let client: RpcClient;

  const get = (context = developer) => runInContext(context, () => client.call(projectGet, { projectId }));

  beforeAll(async () => {
    nats = await startTestNats();
  });
  afterAll(() => nats.close());

  beforeEach(async () => {
    handled = 0;
    behaviour = () => Promise.resolve(project('one'));
    const imports = [
      MessagingModule.forApp({ app: 'deploy', nats: nats.settings('deploy') }),
      VerifierModule,
    ];
    const module = await Test.createTestingModule({ imports, controllers: [ProjectController] }).compile();
    deploy = module.createNestApplication(new FastifyAdapter(), { logger: false });
    await deploy.init();
    deploy.connectMicroservice({ strategy: deploy.get(RpcServer) });
    await deploy.startAllMicroservices();
    gateway = await NatsConnection.open('gateway', nats.settings('gateway'));
    client = new RpcClient(gateway);
  });
  afterEach(async () => {
    await deploy.close();
    await gateway.close();
  });

  it('reaches the handler with the request parsed by its contract, and the answer comes back', async () => {
    const created = await runInContext(developer, () => client.call(projectCreate, { name: '  shop  ' }));
    expect(created).toEqual({
      ...project('shop'),
      createdAt: expect.any(String),
      updatedAt: expect.any(String),
    });
  });

  it('carries request id, tenant, actor, trace, deadline and idempotency key, and no token further', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    let seen: RequestContext | undefined;
    behaviour = () => {
      seen = currentContext();
      return Promise.resolve(project(requireTenant()));
    };
    const deadlineAt = Date.now() + 1_000;
    const answer = await get({ ...developer, traceparent, deadlineAt });
    expect(seen).toEqual({ ...developer, traceparent, deadlineAt, accessToken: undefined });
    expect(seen).not.toHaveProperty('accessToken');
    expect(answer.name).toBe(tenantId);
  });

  it('answers a domain error as the same domain error', async () => {
    behaviour = () => {
      throw new DomainError('deploy.project.name_taken', { detail: 'Taken.', cause: new Error('secret') });
    };
    const error = await get().catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(DomainError);
    expect(error).toMatchObject({ code: 'deploy.project.name_taken', kind: 'conflict', detail: 'Taken.' });
    expect((error as Error).cause).toBeUndefined();
  });

  it('answers an unforeseen error as internal and tells nothing of it', async () => {
    behaviour = () => Promise.reject(new Error('password=hunter2'));
    const error = await get().catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'platform.request.internal', kind: 'internal' });
    expect(JSON.stringify(error)).not.toContain('hunter2');
  });

  it('does not let out a field the contract does not have', async () => {
    behaviour = () => Promise.resolve({ ...project('one'), passwordHash: 'x' } as Project);
    expect(await get()).not.toHaveProperty('passwordHash');
  });

  it('answers internal when the response breaks the contract', async () => {
    behaviour = () => Promise.resolve({ name: 'no id' } as Project);
    await expect(get()).rejects.toMatchObject({ code: 'platform.request.internal' });
  });

  it('is refused with every faulty field when it breaks the contract', async () => {
    const wrong = { projectId: 'no-uuid', extra: 1 } as { projectId: string };
    const call = runInContext(developer, () => client.call(projectGet, wrong));
    await expect(call).rejects.toMatchObject({
      code: 'platform.request.invalid',
      fieldErrors: [{ path: 'projectId' }, { path: 'extra' }],
    });
    expect(handled).toBe(0);
  });

  it.each([
    ['no JSON', 'not json'],
    ['an array', '[]'],
    ['nothing', ''],
    [
      'an event passed off as a request',
      JSON.stringify({ specversion: '1.0', id: '1', data: { projectId } }),
    ],
    ['a packet for another subject', JSON.stringify({ pattern: 'other', id: '1', data: { projectId } })],
  ])('is refused as malformed when it is %s', async (_what, payload) => {
    const answer = await gateway.nc.request(projectGet.subject, payload, { timeout: 1_000 });
    expect(answer.json()).toMatchObject({ err: { code: 'platform.request.malformed' } });
    expect(handled).toBe(0);
  });

  it.each([
    ['Capsule-Actor', '{"type":"root"}'],
    ['Capsule-Actor', 'nonsense'],
    ['Capsule-Deadline', 'soon'],
  ])('is refused as malformed with the header %s: %s', async (name, value) => {
    const broken = headers();
    broken.set(name, value);
    const payload = JSON.stringify({ pattern: projectGet.subject, id: '1', data: { projectId } });
    const answer = await gateway.nc.request(projectGet.subject, payload, { timeout: 1_000, headers: broken });
    expect(answer.json()).toMatchObject({ err: { code: 'platform.request.malformed' } });
  });

  it('is refused by whoever verifies callers, who is prepared before the first request', async () => {
    expect(deploy.get(CallerVerifier)).toMatchObject({ prepared: 1 });
    await expect(get({ ...developer, accessToken: undefined })).rejects.toMatchObject({
      code: 'auth.token.invalid',
    });
    await expect(get({ ...developer, tenantId: randomUUID() })).rejects.toMatchObject({
      code: 'auth.token.invalid',
    });
    await get();
    await get();
    expect(handled).toBe(2);
  });

  it('is not even served where nobody verifies callers', async () => {
    const imports = [MessagingModule.forApp({ app: 'deploy', nats: nats.settings('deploy') })];
    const module = await Test.createTestingModule({ imports, controllers: [ProjectController] }).compile();
    const unguarded = module.createNestApplication(new FastifyAdapter(), { logger: false });
    await unguarded.init();
    unguarded.connectMicroservice({ strategy: unguarded.get(RpcServer) });
    await expect(unguarded.startAllMicroservices()).rejects.toThrow(
      'nobody verifies the callers of capsule.rpc',
    );
    await unguarded.close();
  });

  it('knows neither tenant nor actor nor token when its contract needs none', async () => {
    const auth = await NatsConnection.open('auth', nats.settings('auth'));
    let names: string[] = [];
    auth.nc.subscribe(sessionSignIn.subject, {
      callback: (_error, message) => {
        names = message.headers?.keys() ?? [];
        message.respond(JSON.stringify({ id: '1', isDisposed: true, response: null }));
      },
    });
    await auth.isReady();
    await runInContext(developer, () => client.call(sessionSignIn, { email: 'a@b.io', password: 'secret' }));
    expect(names.sort()).toEqual(['Capsule-Deadline', 'Capsule-Idempotency-Key', 'Capsule-Request-Id']);
    await auth.close();
  });

  it('is refused with a role that lacks the permission', async () => {
    const viewer: RequestContext = { ...developer, actor: { type: 'user', id: 'u', role: 'viewer' } };
    const create = runInContext(viewer, () => client.call(projectCreate, { name: 'shop' }));
    await expect(create).rejects.toMatchObject({ code: 'platform.permission.denied', kind: 'forbidden' });
    const unknown: RequestContext = { ...developer, actor: { type: 'user', id: 'u', role: 'emperor' } };
    await expect(get(unknown)).rejects.toMatchObject({ code: 'platform.permission.denied' });
    expect(handled).toBe(0);
  });

  it('is not begun when its deadline passed on the way', async () => {
    const late = headers();
    late.set('Capsule-Deadline', String(Date.now() - 1));
    const payload = JSON.stringify({ pattern: projectGet.subject, id: '1', data: { projectId } });
    const answer = await gateway.nc.request(projectGet.subject, payload, { timeout: 1_000, headers: late });
    expect(answer.json()).toMatchObject({ err: { code: 'platform.upstream.timeout' } });
    expect(handled).toBe(0);
  });

  it('is unavailable at once when no service answers', async () => {
    const startedAt = Date.now();
    const call = runInContext(developer, () => client.call(projectList, {}));
    await expect(call).rejects.toMatchObject({ code: 'platform.upstream.unavailable', kind: 'unavailable' });
    await expect(client.call(planList, {})).rejects.toMatchObject({ kind: 'unavailable' });
    expect(Date.now() - startedAt).toBeLessThan(2_000);
  });

  it('is not even sent by a process the contract does not name', async () => {
    const billing = await NatsConnection.open('billing', nats.settings('billing'));
    await expect(new RpcClient(billing).call(projectGet, { projectId })).rejects.toThrow(
      'does not name billing',
    );
    await billing.close();
  });

  it.each(['server', 'client'])('is measured at its %s by subject and outcome', async (side) => {
    const counts = async (): Promise<number[]> => [
      await measured(side, 'ok'),
      await measured(side, 'deploy.project.not_found'),
    ];
    const [answered = NaN, failed = NaN] = await counts();
    await get();
    behaviour = () => Promise.reject(new DomainError('deploy.project.not_found'));
    await expect(get()).rejects.toMatchObject({ kind: 'not_found' });
    // The server counts an answer just after it went out.
    await eventually(async () => expect(await counts()).toEqual([answered + 1, failed + 1]));
  });

  it('is too large when it exceeds a message', async () => {
    const call = client.call(sessionSignIn, { email: 'a@b.io', password: 'x'.repeat(1024 * 1024) });
    await expect(call).rejects.toMatchObject({ kind: 'too_large' });
  });

  it('cannot have the service publish anywhere but to an inbox of a caller', async () => {
    const payload = JSON.stringify({ pattern: projectGet.subject, id: '1', data: { projectId } });
    // But for where the answer should go, it is a request like any other.
    const valid = toHeaders(projectGet, developer, Date.now() + 5_000);
    for (const reply of ['_INBOX_billing.stolen', 'capsule.deploy.app.created.v1']) {
      gateway.nc.publish(projectGet.subject, payload, { reply, headers: valid });
    }
    await get();
    expect(handled).toBe(1);
  });

  it('is answered when it was under way as the service shut down, and none is taken after', async () => {
    let finish: (() => void) | undefined;
    behaviour = () => new Promise((resolve) => (finish = () => resolve(project('finished'))));
    const underWay = get();
    while (!finish) await sleep(5);
    const closed = deploy.close();
    await sleep(50);
    await expect(get()).rejects.toMatchObject({ code: 'platform.upstream.unavailable' });
    finish();
    expect((await underWay).name).toBe('finished');
    await closed;
  });

  it('works again after NATS restarted, and is unavailable in between', async () => {
    await nats.stop();
    while (gateway.connected) await sleep(5);
    await expect(get()).rejects.toMatchObject({ code: 'platform.upstream.unavailable' });
    await nats.start();
    await eventually(() => get());
    expect(handled).toBe(1);
  });
});

/** How many requests for a project one side has timed so far. */
async function measured(side: string, outcome: string): Promise<number> {
  const labels = `subject="${projectGet.subject}",outcome="${outcome}"`;
  const line = `capsule_rpc_${side}_duration_seconds_count{${labels}} `;
  const lines = (await registry.metrics()).split('\n');
  return Number(lines.find((each) => each.startsWith(line))?.slice(line.length) ?? 0);
}
