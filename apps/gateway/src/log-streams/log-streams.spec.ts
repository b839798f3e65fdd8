import { setTimeout as sleep } from 'node:timers/promises';
import { deploymentLogRead, type RequestOf, type ResponseOf } from '@capsule/contracts';
import { DomainError } from '@capsule/errors';
import { eventually, startTestNats, TestIssuer, type TestNats } from '@capsule/testing';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { ada, bearer, startGateway, type TestGateway } from '../gateway.fixture.js';
import { answering, serve } from '../service.fixture.js';

const deploymentId = '0192f0c2-5e6f-7d18-9f02-1c8a7b3d6e05';
const unknownId = '0192f0c2-5e6f-7d18-9f02-1c8a7b3d6e99';

let nats: TestNats;
let gateway: TestGateway;
let issuer: TestIssuer;
let deploy: NestFastifyApplication;
let log: { text: string; ended: boolean };
let reads: RequestOf<typeof deploymentLogRead>[];

/** Plays the service: answers at once when there is text behind the offset, else after a short wait. */
async function readLog({ deploymentId: id, offset, waitMs }: RequestOf<typeof deploymentLogRead>) {
  if (id !== deploymentId) throw new DomainError('deploy.deployment.not_found');
  reads.push({ deploymentId: id, offset, waitMs });
  const deadline = Date.now() + Math.min(waitMs, 100);
  while (log.text.length <= offset && !log.ended && Date.now() < deadline) await sleep(5);
  const text = log.text.slice(offset, offset + 64 * 1024);
  const nextOffset = offset + text.length;
  return {
    text,
    startOffset: offset,
    nextOffset,
    ended: log.ended && nextOffset === log.text.length,
  } satisfies ResponseOf<typeof deploymentLogRead>;
}

const serveDeploy = () => serve('deploy', nats.settings('deploy'), [answering(deploymentLogRead, readLog)]);

beforeAll(async () => {
  nats = await startTestNats();
  issuer = await TestIssuer.create();
  await issuer.answerForKeys(nats);
  deploy = await serveDeploy();
  gateway = await startGateway({ nats: nats.settings('gateway'), environment: process.env });
});
beforeEach(() => {
  log = { text: '', ended: false };
  reads = [];
});
afterAll(async () => {
  await gateway?.close();
  await deploy?.close();
  await issuer?.close();
  await nats?.close();
});

async function follow(headers: Record<string, string> = {}, query = '', id = deploymentId, from = gateway) {
  const leave = new AbortController();
  const response = await fetch(`${from.url}/v1/deployments/${id}/logs${query}`, {
    headers: { ...(await bearer(issuer)), ...headers },
    signal: leave.signal,
  });
  return { response, leave: () => leave.abort() };
}

/** What a reader of the stream got, as it comes; settled when the stream is over. */
function receive(response: Response) {
  const received = { text: '', over: false };
  const reading = (async () => {
    const decoder = new TextDecoder();
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      received.text += decoder.decode(chunk, { stream: true });
    }
  })();
  void reading.catch(() => undefined).finally(() => (received.over = true));
  return received;
}

/** @returns how often was read by then */
async function untilNoMoreIsRead(): Promise<number> {
  for (;;) {
    const asked = reads.length;
    await sleep(500);
    if (asked > 0 && reads.length === asked) return asked;
  }
}

function lines(received: { text: string }): string {
  const data = [...received.text.matchAll(/^event: log\nid: \d+\ndata: (.*)$/gm)];
  return data.map(([, json = '{}']) => (JSON.parse(json) as { text: string }).text).join('');
}

describe('the stream of a log', () => {
  it('brings what there is, what follows, and an end', async () => {
    log.text = 'one\n';
    const { response } = await follow();
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(response.headers.get('cache-control')).toBe('no-store');
    const received = receive(response);
    await eventually(() => expect(lines(received)).toBe('one\n'));
    log.text += 'two\n';
    await eventually(() => expect(lines(received)).toBe('one\ntwo\n'));
    log.ended = true;
    await eventually(() => expect(received.over).toBe(true));
    expect(received.text.endsWith('event: end\ndata: {}\n\n')).toBe(true);
  });

  it('resumes behind the last event, by the header and by the query, without a gap or a repetition', async () => {
    log = { text: 'one\ntwo\nthree\n', ended: true };
    for (const { response } of [await follow({ 'last-event-id': '4' }), await follow({}, '?offset=4')]) {
      expect(lines({ text: await response.text() })).toBe('two\nthree\n');
    }
    const both = await follow({ 'last-event-id': '8' }, '?offset=4');
    expect(lines({ text: await both.response.text() })).toBe('three\n');
  });

  it('tells a reader that comes back after the end to stop: 204', async () => {
    log = { text: 'one\n', ended: true };
    expect((await follow({ 'last-event-id': '4' })).response.status).toBe(204);
    expect((await follow({}, '?offset=4')).response.status).toBe(200);
  });

  it('keeps a quiet connection alive', async () => {
    const { response, leave } = await follow();
    const received = receive(response);
    await eventually(() => expect(received.text).toContain(': still here\n\n'));
    leave();
  });

  it('asks the service no more once the reader has left', async () => {
    const { response, leave } = await follow();
    receive(response);
    await eventually(() => expect(reads.length).toBeGreaterThan(2));
    leave();
    await sleep(250);
    const asked = reads.length;
    await sleep(400);
    expect(reads.length).toBe(asked);
  });

  it('holds back a service that has more than the reader takes', async () => {
    log = { text: `${'x'.repeat(1023)}\n`.repeat(64 * 1024), ended: true };
    const { response, leave } = await follow();
    const asked = await untilNoMoreIsRead();
    expect(asked * 64 * 1024).toBeLessThan(log.text.length / 2);
    expect(response.status).toBe(200);
    leave();
  });

  it('is bounded for each caller: 429, and free again when one leaves', async () => {
    // Those of the tests above may still be ending.
    const streams = await eventually(async () => {
      const begun = await Promise.all(Array.from({ length: 10 }, () => follow()));
      const statuses = begun.map(({ response }) => response.status);
      if (statuses.includes(429)) for (const { leave } of begun) leave();
      expect(statuses).toEqual(Array(10).fill(200));
      return begun;
    });
    const refused = await follow();
    expect(refused.response.status).toBe(429);
    expect(refused.response.headers.get('retry-after')).toMatch(/^\d+$/);
    streams[0]?.leave();
    await eventually(async () => {
      const again = await follow();
      again.leave();
      expect(again.response.status).toBe(200);
    });
    for (const { leave } of streams) leave();
  });

  it('answers faults as problems before it begins', async () => {
    const notFound = await follow({}, '', unknownId);
    expect([notFound.response.status, await notFound.response.json()]).toMatchObject([
      404,
      { code: 'deploy.deployment.not_found' },
    ]);
    expect((await follow({ 'last-event-id': 'nonsense' })).response.status).toBe(422);
    expect((await follow({}, '?offset=-1')).response.status).toBe(422);
    expect((await follow({}, '?waitMs=1')).response.status).toBe(422);
  });

  it('stops without an end when the service goes away, so that the reader comes back', async () => {
    log.text = 'one\n';
    const { response } = await follow();
    const received = receive(response);
    await eventually(() => expect(lines(received)).toBe('one\n'));
    await deploy.close();
    await eventually(() => expect(received.over).toBe(true));
    expect(received.text).not.toContain('event: end');
    deploy = await serveDeploy();
    log = { text: 'one\ntwo\n', ended: true };
    expect(lines({ text: await (await follow({ 'last-event-id': '4' })).response.text() })).toBe('two\n');
  });

  it('does not hold up the shutdown of the gateway, and its reader may come back elsewhere', async () => {
    const leaving = await startGateway({ nats: nats.settings('gateway'), environment: process.env });
    const { response } = await follow({}, '', deploymentId, leaving);
    const received = receive(response);
    const startedAt = Date.now();
    await leaving.close();
    expect(Date.now() - startedAt).toBeLessThan(3_000);
    await eventually(() => expect(received.over).toBe(true));
    expect(received.text).not.toContain('event: end');
  });

  it('ends with the token it was opened by', async () => {
    // Lives on only by the leeway for clocks that differ.
    const token = await issuer.token({ ...ada, role: 'owner' }, { expiresInSeconds: -3 });
    const { response } = await follow({ authorization: `Bearer ${token}` });
    expect(response.status).toBe(200);
    const received = receive(response);
    await eventually(() => expect(received.over).toBe(true));
    expect(received.text).not.toContain('event: end');
    expect((await follow({ authorization: `Bearer ${token}` })).response.status).toBe(401);
  });
});
