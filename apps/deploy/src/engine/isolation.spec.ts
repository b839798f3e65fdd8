import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { basename, join } from 'node:path';
import { eventually } from '@capsule/testing';
import { testPorts } from '@capsule/testing/test-ports';
import { type Attempt, type Deed, intruder } from '../testing/intruder.fixture.js';
import { EngineFixture } from './embedded-engine.fixture.js';

const SERVER = `
  require('node:http').createServer((request, response) => {
    if (request.url === '/exit') process.exit(7);
    response.end('victim');
  }).listen(process.env.PORT, process.env.HOST);`;

const asRoot = process.getuid?.() === 0 ? describe : describe.skip;

asRoot('a hosted app on a platform that runs as root', () => {
  let fixture: EngineFixture;
  /** Nobody looks after what runs on it: its service is away. */
  let unwatched: EngineFixture;
  beforeAll(async () => {
    fixture = await EngineFixture.create({ ports: testPorts('isolation.spec of the engine') });
    unwatched = await EngineFixture.create({ ports: testPorts('isolation.spec of the engine') });
    unwatched.engine.close();
  });
  afterAll(() => Promise.all([fixture.close(), unwatched.close()]));

  async function attempt(deeds: Deed[]): Promise<Attempt[]> {
    const request = await fixture.run(intruder(deeds));
    const text = await eventually(async () => {
      const found = /ATTEMPTS (.*)/.exec(await fixture.logText(request.deploymentId))?.[1];
      if (!found) throw new Error('no results yet');
      return found;
    });
    await fixture.engine.stop(request.instanceId, { graceSeconds: 0 });
    return JSON.parse(text) as Attempt[];
  }

  it("can read neither the platform's secrets, sockets, objects and logs, nor the environment and files of its own runner", async () => {
    const secret = join(fixture.folder, '.env');
    await writeFile(secret, 'JWT=secret', { mode: 0o600 });
    const socketFolder = join(fixture.folder, 'caddy');
    await mkdir(socketFolder, { mode: 0o700 });
    const socket = createServer().listen(join(socketFolder, 'admin.sock'));
    await once(socket, 'listening');
    const service = spawn('/bin/sleep', ['1000'], { env: { DB_PASSWORD: 'secret' } });
    try {
      const results = await attempt([
        ['read', secret],
        ['write', secret],
        ['connect', join(socketFolder, 'admin.sock')],
        ['list', join(fixture.folder, 'objects')],
        ['list', join(fixture.folder, 'engine/logs')],
        ['list', join(fixture.folder, 'engine/instances')],
        ['read', `/proc/${service.pid}/environ`],
        ['list', `/proc/${service.pid}/fd`],
        ['read', `/proc/${process.pid}/environ`],
        ['read', `/proc/${process.pid}/mem`],
        ['kill', service.pid],
        ['kill', process.pid],
      ]);
      expect(results.map(({ refused }) => refused)).toEqual([
        ...Array.from({ length: 10 }, () => 'EACCES'),
        'EPERM',
        'EPERM',
      ]);
      expect(service.exitCode).toBeNull();
    } finally {
      socket.close();
      service.kill('SIGKILL');
    }
  });

  it('can neither read nor change nor end another app, nor a second instance of its own', async () => {
    const other = await fixture.run(
      "require('node:fs').writeFileSync('data', 'private'); setInterval(() => {}, 1000);",
    );
    const folder = join(fixture.folder, 'engine/instances', other.instanceId);
    const { program } = JSON.parse(readFileSync(join(folder, 'runner.json'), 'utf8')) as {
      program: { pid: number };
    };
    const results = await attempt([
      ['read', join(folder, 'files/app/data')],
      ['read', join(folder, 'files/app/index.js')],
      ['write', join(folder, 'files/app/index.js')],
      ['list', join(folder, 'files')],
      ['list', folder],
      ['read', join(folder, 'runner.json')],
      ['read', `/proc/${program.pid}/environ`],
      ['kill', program.pid],
    ]);
    expect(results.map(({ refused }) => refused)).toEqual([
      ...Array.from({ length: 7 }, () => 'EACCES'),
      'EPERM',
    ]);
    expect((await fixture.engine.observe(other.instanceId)).state).toBe('running');
    await fixture.engine.stop(other.instanceId, { graceSeconds: 0 });
  });

  it('has no group, no capability and no way back to root, and an environment of its own only', async () => {
    process.env['PLATFORM_SECRET'] = 'inherited';
    const [status, become, environment, write] = await attempt([
      ['status'],
      ['become'],
      ['environment'],
      ['write', 'file'],
    ]);
    delete process.env['PLATFORM_SECRET'];
    const lines = Object.fromEntries(((status?.result ?? []) as string[]).map((line) => line.split(':\t')));
    expect(lines['Uid']?.split('\t').every((uid: string) => Number(uid) >= 1_879_048_192)).toBe(true);
    expect(lines['Groups']?.trim()).toBe('');
    expect(lines).toMatchObject({ CapEff: '0000000000000000', CapBnd: '0000000000000000', NoNewPrivs: '1' });
    expect(become?.refused).toBe('EPERM');
    expect(environment?.result).toEqual(
      ['CAPSULE_RUN_ID', 'HOME', 'HOST', 'LANG', 'NODE_ENV', 'PATH', 'PORT', 'TMPDIR'].sort(),
    );
    expect(write?.refused).toBeUndefined();
  });

  it('is not taken for listening when a stranger sits on its port', async () => {
    const request = await fixture.run('setInterval(() => {}, 1000);');
    const seen = await fixture.engine.observe(request.instanceId);
    if (seen.state !== 'running') throw new Error(seen.state);
    expect(seen.listening).toBe(false);
    const stranger = createServer().listen(seen.address.port, '127.0.0.1');
    await once(stranger, 'listening');
    expect(await fixture.engine.observe(request.instanceId)).toMatchObject({
      state: 'running',
      listening: false,
    });
    stranger.close();
    await fixture.engine.stop(request.instanceId, { graceSeconds: 0 });
  });

  it('is seen listening although a stranger has its port on another address, where no request of the edge arrives', async () => {
    const request = await fixture.run(SERVER);
    const { address } = await fixture.listening(request.instanceId);
    const stranger = createServer().listen(address.port, '127.0.0.2');
    await once(stranger, 'listening');
    expect(await fixture.engine.observe(request.instanceId)).toMatchObject({ listening: true });
    stranger.close();
    await fixture.engine.stop(request.instanceId, { graceSeconds: 0 });
  });

  it("gets nobody's requests by waiting for the port of another app, also while no service looks after them", async () => {
    const victim = await unwatched.run(SERVER);
    const { address } = await unwatched.listening(victim.instanceId);
    const attacker = await unwatched.run(`
      const port = ${address.port};
      const server = require('node:http').createServer((request, response) => response.end('attacker'));
      const attempt = () => server.listen(port, '127.0.0.1');
      server.on('listening', () => console.log('in place')).on('error', () => setImmediate(attempt));
      attempt();
      console.log('waiting');`);
    await eventually(async () => expect(await unwatched.logText(attacker.deploymentId)).toContain('waiting'));
    const url = `http://${address.host}:${address.port}`;
    await fetch(`${url}/exit`).catch(() => undefined);

    const response = await eventually(async () => {
      const answered = await fetch(url);
      expect(await answered.text()).not.toBe('attacker');
      return answered;
    });
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '2']);
    // Whether it was the quicker one, in which case it is ended, is up to the scheduler.
    if ((await unwatched.logText(attacker.deploymentId)).includes('in place')) {
      await unwatched.observed(attacker.instanceId, ({ state }) => state === 'exited');
    }
    for (const { instanceId } of [victim, attacker]) {
      await unwatched.engine.stop(instanceId, { graceSeconds: 0 });
    }
    await expect(fetch(url)).rejects.toThrow();
  });

  it('leaves nothing behind where everybody may write, neither in memory nor on disk', async () => {
    const name = `capsule-left-${randomUUID()}`;
    const own = join('/tmp', `${name}-of-the-platform`);
    await writeFile(own, 'stays');
    const request = await fixture.run(`
      const fs = require('node:fs');
      for (const folder of ['/dev/shm', '/tmp', '/var/tmp']) {
        fs.writeFileSync(folder + '/${name}', 'x'.repeat(1000));
        fs.mkdirSync(folder + '/${name}-folder/closed', { recursive: true });
        fs.writeFileSync(folder + '/${name}-folder/closed/file', 'x');
        fs.symlinkSync('${own}', folder + '/${name}-folder/link');
        for (const path of ['/closed', '']) fs.chmodSync(folder + '/${name}-folder' + path, 0);
      }
      console.log('written');
      setInterval(() => {}, 1000);`);
    await eventually(async () => expect(await fixture.logText(request.deploymentId)).toContain('written'));
    await fixture.engine.stop(request.instanceId, { graceSeconds: 0 });
    const left = ['/dev/shm', '/tmp', '/var/tmp'].flatMap((folder) =>
      readdirSync(folder).filter((entry) => entry.startsWith(name)),
    );
    expect(left).toEqual([basename(own)]);
    expect(readFileSync(own, 'utf8')).toBe('stays');
    await rm(own);
  });

  it('is ended when it listens on ports that are given to others, whatever the address', async () => {
    const [first] = testPorts('isolation.spec of the engine');
    const hoarder = await fixture.run(`
      for (let port = ${first}; port < ${first} + 10; port += 1)
        require('node:net').createServer().on('error', () => {}).listen(port, '127.0.0.2');
      setInterval(() => {}, 1000);`);
    expect(await fixture.observed(hoarder.instanceId, ({ state }) => state === 'exited')).toMatchObject({
      exit: {
        reason: 'ended',
        detail: expect.stringMatching(/^listened on port \d+, which is not its own$/),
      },
    });
    await fixture.engine.stop(hoarder.instanceId, { graceSeconds: 0 });
  });
});
