import { randomUUID } from 'node:crypto';
import { projectGet, type RpcContract } from '@capsule/contracts';
import { runInContext } from '@capsule/telemetry';
import { startTestNats, type TestNats } from '@capsule/testing';
import { NatsConnection } from './nats-connection.js';
import { RpcClient } from './rpc-client.js';

const timedOut = { code: 'platform.upstream.timeout' };

describe('a call that is never answered', () => {
  let nats: TestNats;
  let deploy: NatsConnection;
  let gateway: NatsConnection;
  /** What the callers told of their deadlines. */
  const deadlines: number[] = [];

  beforeAll(async () => {
    nats = await startTestNats();
    [deploy, gateway] = await Promise.all([
      NatsConnection.open('deploy', nats.settings('deploy')),
      NatsConnection.open('gateway', nats.settings('gateway')),
    ]);
    deploy.nc.subscribe(projectGet.subject, {
      callback: (_error, message) => {
        deadlines.push(Number(message.headers?.get('Capsule-Deadline')));
      },
    });
    await deploy.isReady();
  });
  beforeEach(() => {
    deadlines.length = 0;
  });
  afterAll(async () => {
    await Promise.all([deploy.close(), gateway.close()]);
    await nats.close();
  });

  const call = (contract: RpcContract, options?: { timeoutMs: number }) =>
    new RpcClient(gateway).call(contract, { projectId: randomUUID() }, options);

  it.each([
    ['the time of its contract', (timeoutMs: number) => call({ ...projectGet, timeoutMs })],
    ['the time its caller gives instead', (timeoutMs: number) => call(projectGet, { timeoutMs })],
    [
      'what is left of the request around it',
      (timeoutMs: number) =>
        runInContext({ requestId: 'request-1', deadlineAt: Date.now() + timeoutMs }, () => call(projectGet)),
    ],
  ])('ends as a timeout after %s, which the service is told', async (_, callFor) => {
    const before = Date.now();
    await expect(callFor(300)).rejects.toMatchObject(timedOut);
    expect(deadlines).toHaveLength(1);
    expect(deadlines[0]! - before).toBeLessThan(3_000);
  });

  it('is not even sent when no time is left', async () => {
    const late = runInContext({ requestId: 'request-1', deadlineAt: Date.now() }, () => call(projectGet));
    await expect(late).rejects.toMatchObject(timedOut);
    await gateway.isReady();
    await deploy.isReady();
    expect(deadlines).toEqual([]);
  });
});
