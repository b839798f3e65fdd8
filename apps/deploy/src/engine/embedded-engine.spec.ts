import { once } from 'node:events';
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { randomUUID } from 'node:crypto';
import { eventually } from '@capsule/testing';
import { testPorts } from '@capsule/testing/test-ports';
import { EngineFixture } from './embedded-engine.fixture.js';
import type { InstanceAddress } from './engine.js';

const [firstPort, lastPort] = testPorts('embedded-engine.spec');

const SERVER = `
  const http = require('node:http');
  console.log('up on ' + process.env.PORT);
  http.createServer((request, response) => {
    if (request.url === '/exit') process.exit(7);
    if (request.url === '/crash') process.kill(process.pid, 'SIGSEGV');
    response.end(String(process.pid));
  }).listen(process.env.PORT, process.env.HOST);
`;

async function get({ host, port }: InstanceAddress, path = '/'): Promise<string> {
  return (await fetch(`http://${host}:${port}${path}`, { headers: { connection: 'close' } })).text();
}

describe('the embedded engine', () => {
  let fixture: EngineFixture;
  beforeAll(async () => {
    fixture = await EngineFixture.create({ ports: [firstPort, lastPort] });
  });
  afterAll(() => fixture.close());

  it('builds sources, starts the artifact, shows it listening, answering and logging, and stops it', async () => {
    const request = await fixture.run(SERVER);
    const { address, digest } = await fixture.listening(request.instanceId);
    expect(digest).toBe(request.digest);
    expect(await get(address)).toMatch(/^\d+$/);
    expect(await fixture.logText(request.deploymentId)).toBe(`up on ${address.port}\n`);
    const [sample, ...others] = await fixture.engine.sample([request.instanceId, randomUUID()]);
    expect(others).toEqual([]);
    expect(sample?.cpuSecondsTotal).toBeGreaterThan(0.01);
    expect(sample?.memoryBytes).toBeGreaterThan(20e6);

    await fixture.engine.stop(request.instanceId, { graceSeconds: 5 });
    expect(await fixture.engine.observe(request.instanceId)).toEqual({ state: 'absent' });
    await expect(get(address)).rejects.toThrow();
    expect(readdirSync(join(fixture.folder, 'engine/instances'))).toEqual([]);
    await fixture.engine.stop(request.instanceId, { graceSeconds: 5 });
  });

  it('sees at once that an app listens which listens on thousands of sockets', async () => {
    const request = await fixture.run(`
      const net = require('node:net');
      const address = (n) => '127.1.' + (n >> 7) + '.' + (1 + (n & 127));
      (function next(n) {
        if (n === 8000) return net.createServer().listen(process.env.PORT, process.env.HOST, () => console.log('listening'));
        net.createServer().on('error', () => next(n + 1)).listen(process.env.PORT, address(n), () => next(n + 1));
      })(0);`);
    await eventually(
      async () => expect(await fixture.logText(request.deploymentId)).toContain('listening'),
      20_000,
    );
    const begun = performance.now();
    expect(await fixture.engine.observe(request.instanceId)).toMatchObject({ listening: true });
    expect(performance.now() - begun).toBeLessThan(1_000);
    await fixture.engine.stop(request.instanceId, { graceSeconds: 0 });
  }, 60_000);

  it('starts an instance once, also when asked again by a later life, at the same time, or after it has ended', async () => {
    const request = await fixture.run(SERVER);
    const { address } = await fixture.listening(request.instanceId);
    const pid = await get(address);
    const later = fixture.anotherEngine();
    const answers = await Promise.all([fixture.engine.start(request), later.start(request)]);
    expect(answers).toEqual([{ address }, { address }]);
    expect(await get(address)).toBe(pid);

    await get(address, '/exit').catch(() => '');
    await fixture.observed(request.instanceId, ({ state }) => state === 'exited');
    expect(await fixture.engine.start(request)).toEqual({ address });
    await delay(200);
    expect((await fixture.engine.observe(request.instanceId)).state).toBe('exited');
    expect(await fixture.logText(request.deploymentId)).toBe(`up on ${address.port}\n`);
    await fixture.engine.stop(request.instanceId, { graceSeconds: 0 });
  });

  it('is found again by a later life, which sees its end, announces it once and can stop it', async () => {
    const [first, second] = [await fixture.run(SERVER), await fixture.run(SERVER)];
    const { address } = await fixture.listening(first.instanceId);
    const later = fixture.anotherEngine();
    const ended: string[] = [];
    later.onExit((instanceId) => ended.push(instanceId));
    expect((await later.list()).sort()).toEqual([first.instanceId, second.instanceId].sort());
    expect(await later.observe(first.instanceId)).toMatchObject({
      state: 'running',
      address,
      digest: first.digest,
    });
    expect(await later.sample([first.instanceId])).toHaveLength(1);

    await get(address, '/exit').catch(() => '');
    await eventually(() => expect(ended).toEqual([first.instanceId]));
    await delay(1_200);
    expect(ended).toEqual([first.instanceId]);
    for (const { instanceId } of [first, second]) await later.stop(instanceId, { graceSeconds: 5 });
    expect(await later.list()).toEqual([]);
  });

  it('begins a start anew that was cut before the runner had it in hand', async () => {
    const request = await fixture.run(SERVER);
    await fixture.engine.stop(request.instanceId, { graceSeconds: 0 });
    await fixture.home.prepare('instances', request.instanceId);
    const later = fixture.anotherEngine();
    expect(await later.observe(request.instanceId)).toEqual({ state: 'absent' });
    await later.start(request);
    await eventually(async () =>
      expect(await later.observe(request.instanceId)).toMatchObject({ listening: true }),
    );
    await later.stop(request.instanceId, { graceSeconds: 0 });
  });

  it('gives a start up that is canceled while the artifact comes, and begins it anew when asked again', async () => {
    const request = await fixture.run(SERVER);
    await fixture.engine.stop(request.instanceId, { graceSeconds: 0 });
    const { getStream } = fixture.store;
    const asked = new Promise<void>((resolve) => {
      fixture.store.getStream = () => Promise.resolve(new Readable({ read: () => resolve() }));
    });
    const canceled = new AbortController();
    const starting = fixture.engine.start({ ...request, signal: canceled.signal });
    await asked;
    const reason = new Error('canceled');
    canceled.abort(reason);
    await expect(starting).rejects.toBe(reason);
    expect(await fixture.engine.observe(request.instanceId)).toEqual({ state: 'absent' });

    fixture.store.getStream = getStream;
    await fixture.engine.start(request);
    expect(await fixture.engine.observe(request.instanceId)).toMatchObject({ state: 'running' });
    await fixture.engine.stop(request.instanceId, { graceSeconds: 0 });
  });

  it('begins with what a power cut left of a start, and begins that start anew', async () => {
    const request = await fixture.run(SERVER);
    await fixture.engine.stop(request.instanceId, { graceSeconds: 0 });
    await fixture.home.prepare('instances', request.instanceId);
    writeFileSync(join(fixture.home.pathOf('instances', request.instanceId), 'instance.json'), '');
    const later = fixture.anotherEngine();
    expect(await later.observe(request.instanceId)).toEqual({ state: 'absent' });
    await later.start(request);
    expect(await later.observe(request.instanceId)).toMatchObject({ state: 'running' });
    // What the start wrote is whole: the next life knows the instance by it.
    expect(await fixture.anotherEngine().list()).toEqual([request.instanceId]);
    await later.stop(request.instanceId, { graceSeconds: 0 });
  });

  it.each([
    ['exits', '/exit', { reason: 'ended', code: 7, detail: 'exited with code 7' }],
    ['crashes', '/crash', { reason: 'ended', code: null, detail: 'killed by SIGSEGV' }],
  ])('tells how an instance ended that %s', async (_name, path, exit) => {
    const request = await fixture.run(SERVER);
    await get((await fixture.listening(request.instanceId)).address, path).catch(() => '');
    const seen = await fixture.observed(request.instanceId, ({ state }) => state === 'exited');
    expect(seen).toEqual({ state: 'exited', exit });
    expect(await fixture.engine.sample([request.instanceId])).toEqual([]);
    await fixture.engine.stop(request.instanceId, { graceSeconds: 0 });
  });

  it('lets an instance finish within its grace and kills one that does not', async () => {
    const polite = await fixture.run(`
      process.on('SIGTERM', () => setTimeout(() => { console.log('finished'); process.exit(0); }, 300));
      ${SERVER}`);
    const stubborn = await fixture.run(`process.on('SIGTERM', () => console.log('no')); ${SERVER}`);
    for (const { instanceId } of [polite, stubborn]) await fixture.listening(instanceId);
    const from = Date.now();
    await fixture.engine.stop(polite.instanceId, { graceSeconds: 20 });
    expect(Date.now() - from).toBeLessThan(10_000);
    expect(await fixture.logText(polite.deploymentId)).toContain('finished\n');
    await fixture.engine.stop(stubborn.instanceId, { graceSeconds: 0.5 });
    expect(await fixture.logText(stubborn.deploymentId)).toContain('no\n');
    expect(await fixture.engine.list()).toEqual([]);
  });

  it('gives another port when one is in use, and says when the range is', async () => {
    const servers = await Promise.all(
      Array.from({ length: lastPort - firstPort + 1 }, async (_, index) => {
        const server = createServer().listen(firstPort + index, '127.0.0.1');
        await once(server, 'listening');
        return server;
      }),
    );
    await expect(fixture.run(SERVER)).rejects.toThrow(
      `every port from ${firstPort} to ${lastPort} is in use`,
    );
    servers[13]?.close();
    const request = await fixture.run(SERVER);
    expect((await fixture.listening(request.instanceId)).address.port).toBe(firstPort + 13);
    for (const server of servers) server.close();
    await fixture.engine.stop(request.instanceId, { graceSeconds: 0 });
  });

  it('keeps an instance whose files were removed by the app itself stoppable', async () => {
    const request = await fixture.run(`require('node:fs').rmSync('index.js'); ${SERVER}`);
    await fixture.listening(request.instanceId);
    expect(
      existsSync(join(fixture.folder, 'engine/instances', request.instanceId, 'files/app/index.js')),
    ).toBe(false);
    await fixture.engine.stop(request.instanceId, { graceSeconds: 1 });
    expect(await fixture.engine.list()).toEqual([]);
  });

  it('refuses an artifact that is not the built one any more', async () => {
    const request = await fixture.run(SERVER);
    await fixture.engine.stop(request.instanceId, { graceSeconds: 0 });
    const attempt = { ...request, instanceId: randomUUID(), digest: '0'.repeat(64) };
    await expect(fixture.engine.start(attempt)).rejects.toThrow(/digest/);
    await fixture.engine.removeArtifact(request.artifactKey);
    await fixture.engine.removeArtifact(request.artifactKey);
    await fixture.engine.stop(attempt.instanceId, { graceSeconds: 0 });
    rmSync(join(fixture.folder, 'given'), { recursive: true });
  });

  it('ends with everything else when the platform is stopped, and is known as ended afterwards', async () => {
    const requests = [await fixture.run(SERVER), await fixture.run(SERVER)];
    for (const { instanceId } of requests) await fixture.listening(instanceId);
    expect(await fixture.home.endAll(5)).toBe(2);
    const later = fixture.anotherEngine();
    for (const { instanceId } of requests) {
      expect(await later.observe(instanceId)).toMatchObject({
        state: 'exited',
        exit: { detail: 'killed by SIGTERM' },
      });
      await later.stop(instanceId, { graceSeconds: 0 });
    }
    expect(await fixture.home.endAll(5)).toBe(0);
  });
});
