import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { eventually } from '@capsule/testing';
import { testPorts } from '@capsule/testing/test-ports';
import { type Attempt, type Deed, intruder } from '../testing/intruder.fixture.js';
import { EngineFixture } from './embedded-engine.fixture.js';

const asRoot = process.getuid?.() === 0 ? describe : describe.skip;

asRoot('a hosted app on a platform that runs as root', () => {
  let fixture: EngineFixture;
  beforeAll(async () => {
    fixture = await EngineFixture.create({ ports: testPorts('isolation.spec of the engine') });
  });
  afterAll(() => fixture.close());

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
});
