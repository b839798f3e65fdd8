import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { eventually } from '@capsule/testing';
import type { Engine, Observation } from '../../engine/engine.js';
import { Interrupted, StepTimedOut } from '../../work/interruption.js';
import { HealthGate } from './health-gate.js';

const expected = { instanceId: 'i', digest: 'new', hostname: 'hello.localhost', healthPath: '/health' };

describe('the health gate', () => {
  let app: Server;
  let asked: string[];
  let status: number;

  beforeAll(async () => {
    app = createServer((request, response) => {
      asked.push(`${request.headers.host}${request.url}`);
      response.writeHead(status).end();
    }).listen(0, '127.0.0.1');
    await once(app, 'listening');
  });

  afterAll(() => app.close());

  beforeEach(() => {
    [asked, status] = [[], 200];
  });

  const running = (digest: string, listening = true): Observation => ({
    state: 'running',
    address: { host: '127.0.0.1', port: (app.address() as AddressInfo).port },
    digest,
    listening,
  });

  /** A gate at an engine that sees these one after the other, and then the last one for ever. */
  function gateSeeing(...seen: Observation[]): HealthGate {
    const observe = () => Promise.resolve((seen.length > 1 ? seen.shift() : seen[0]) as Observation);
    return new HealthGate({ observe } as unknown as Engine);
  }

  const wait = (gate: HealthGate, milliseconds: number) => {
    const deadline = new AbortController();
    setTimeout(() => deadline.abort(new StepTimedOut('health')), milliseconds);
    return gate.wait(expected, deadline.signal);
  };

  it('opens when the instance of the new artifact was seen answering its health path', async () => {
    await wait(gateSeeing(running('new')), 20_000);
    expect(asked).toEqual(['hello.localhost/health']);
  });

  it('stays shut for an instance that answers but runs another artifact: the old code is no success', async () => {
    const opened = wait(gateSeeing(running('old')), 20_000);
    await expect(opened).rejects.toMatchObject({ reason: 'platform_error' });
    expect(asked).toEqual([]);
  });

  it('does not ask, and so does not believe, what answers on the port while the instance does not listen', async () => {
    const opened = wait(gateSeeing(running('new', false)), 700);
    await expect(opened).rejects.toMatchObject({ reason: 'never_listened' });
    expect(asked).toEqual([]);
  });

  it('waits through bad answers, and names the last one when the time is over', async () => {
    status = 503;
    const deadline = new AbortController();
    const opened = gateSeeing(running('new')).wait(expected, deadline.signal);
    const failed = expect(opened).rejects.toMatchObject({
      reason: 'unhealthy',
      detail: expect.stringContaining('503'),
    });
    // With the second question the first answer is known.
    await eventually(() => expect(asked.length).toBeGreaterThan(1));
    deadline.abort(new StepTimedOut('health'));
    await failed;
  });

  it('fails at once when the instance has ended, or is gone', async () => {
    const exit = { reason: 'ended', code: 7, detail: 'exited with code 7' } as const;
    await expect(
      wait(gateSeeing(running('new', false), { state: 'exited', exit }), 10_000),
    ).rejects.toMatchObject({ reason: 'exited_early', detail: 'exited with code 7' });
    await expect(wait(gateSeeing({ state: 'absent' }), 10_000)).rejects.toMatchObject({
      reason: 'exited_early',
    });
  });

  it('fails nothing when it is only told to stop', async () => {
    const stopped = new AbortController();
    const opened = gateSeeing(running('new', false)).wait(expected, stopped.signal);
    stopped.abort(new Interrupted());
    await expect(opened).rejects.toBeInstanceOf(Interrupted);
  });
});
