import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '@capsule/testing';
import { testPorts } from '@capsule/testing/test-ports';
import { EngineFixture, MEBIBYTE } from './embedded-engine.fixture.js';
import type { LogChunk, StartRequest } from './engine.js';

const isRoot = process.getuid?.() === 0;
const alive = (pid: number) => {
  try {
    // A zombie answers signal 0 still.
    return !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};

/** Leaves its session and parent behind as a daemon does, keeps its environment, and writes its pid. */
const DAEMON = `
  const { spawn } = require('node:child_process');
  const daemon = spawn('/bin/sh', ['-c', 'setsid sleep 1000 & echo $!'], { detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
  daemon.stdout.once('data', (pid) => console.log('daemon ' + pid));
`;

/** Nobody else's on this machine, where another checkout may run this spec, too. */
const SLEEP_SECONDS = 1_000_000 + process.pid;

/** Takes up to 1 GiB. */
const HUNGRY = `
  const kept = [];
  setInterval(() => kept.length < 128 && kept.push(Buffer.alloc(8 * 1024 * 1024, 1)), 20);`;

describe.each<[string, ('control groups' | 'users')[]]>([
  ['control groups and users', []],
  ['users but no control groups', ['control groups']],
  ['neither control groups nor users', ['control groups', 'users']],
])('a run on a machine with %s', (name, without) => {
  let fixture: EngineFixture;
  beforeAll(async () => {
    fixture = await EngineFixture.create({ without, ports: testPorts('run.spec'), logBytesMax: MEBIBYTE });
  });
  afterAll(() => fixture.close());

  async function daemonOf(request: StartRequest): Promise<number> {
    const pid = await eventually(async () => {
      const found = /daemon (\d+)/.exec(await fixture.logText(request.deploymentId))?.[1];
      if (!found) throw new Error('no daemon yet');
      return Number(found);
    });
    expect(alive(pid)).toBe(true);
    return pid;
  }

  it('says what holds the memory limit', () => {
    const hasGroups = !without.includes('control groups') && fixture.home.groups !== null;
    expect(fixture.engine.memoryLimit).toBe(hasGroups ? 'cgroup' : 'watchdog');
    expect(fixture.engine.isolation.isolated).toBe(isRoot && !without.includes('users'));
  });

  it('takes a daemon that left its session with it when it is stopped', async () => {
    const request = await fixture.run(`${DAEMON} setInterval(() => {}, 1000);`);
    const daemon = await daemonOf(request);
    await fixture.engine.stop(request.instanceId, { graceSeconds: 0.2 });
    expect(alive(daemon)).toBe(false);
  });

  it('takes a daemon with it when it ends by itself, before anyone is told', async () => {
    const request = await fixture.run(`${DAEMON} setTimeout(() => process.exit(3), 500);`);
    const daemon = await daemonOf(request);
    const seen = await fixture.observed(request.instanceId, ({ state }) => state === 'exited');
    expect(seen).toMatchObject({ exit: { code: 3 } });
    expect(alive(daemon)).toBe(false);
    await fixture.engine.stop(request.instanceId, { graceSeconds: 0 });
  });

  it('that keeps starting processes is stopped with all of them', async () => {
    const request = await fixture.run(`
      const { spawn } = require('node:child_process');
      process.on('SIGTERM', () => {});
      setInterval(() => spawn('/bin/sleep', ['${SLEEP_SECONDS}'], { detached: true, stdio: 'ignore' }).on('error', () => {}), 10);
      console.log('started');`);
    await eventually(async () => expect(await fixture.logText(request.deploymentId)).toContain('started'));
    await eventually(() => expect(sleepers().length).toBeGreaterThan(9));
    const { memoryBytes } = (await fixture.engine.sample([request.instanceId]))[0] ?? { memoryBytes: 0 };
    expect(memoryBytes).toBeGreaterThan(0);
    await fixture.engine.stop(request.instanceId, { graceSeconds: 0 });
    expect(sleepers()).toEqual([]);
  });

  it('that takes more memory than it may is ended as memory_exceeded', async () => {
    const request = await fixture.run(HUNGRY, { memoryLimitBytes: 96 * MEBIBYTE });
    const seen = await fixture.observed(request.instanceId, ({ state }) => state === 'exited');
    expect(seen).toEqual({
      state: 'exited',
      exit: { reason: 'memory_exceeded', code: null, detail: 'used more than its 96 MiB of memory' },
    });
    await fixture.engine.stop(request.instanceId, { graceSeconds: 0 });
  });

  it('that builds and takes more memory than it may fails its build as memory_exceeded', async () => {
    const deploymentId = randomUUID();
    const building = fixture.build(
      {
        'package.json': JSON.stringify({
          dependencies: { dep: 'file:./dep' },
          scripts: { postinstall: 'node hungry.js' },
        }),
        'dep/package.json': JSON.stringify({ name: 'dep', version: '1.0.0' }),
        'hungry.js': HUNGRY,
        'index.js': '',
      },
      { deploymentId },
    );
    await expect(building).rejects.toMatchObject({ reason: 'memory_exceeded' });
    expect(fixture.home.list('builds')).toEqual([]);
  }, 60_000);

  it('that fetches and takes more memory than it may is ended like any other', async () => {
    const run = await fixture.home.prepare('fetches', 'hungry');
    await mkdir(join(run.filesFolder, 'app'));
    await fixture.home.giveFiles(run);
    await run.start({
      argv: [process.execPath, '-e', HUNGRY],
      env: {},
      memoryLimitBytes: 96 * MEBIBYTE,
      logFolder: fixture.home.logs.folderOf('hungry'),
    });
    expect(await run.ended(AbortSignal.timeout(20_000))).toMatchObject({ memoryExceeded: true });
    await fixture.home.forget('fetches', 'hungry', 0);
  }, 30_000);

  it('whose runner is killed ends with everything it started', async () => {
    const request = await fixture.run(`${DAEMON} setInterval(() => {}, 1000);`);
    const daemon = await daemonOf(request);
    const state = JSON.parse(
      readFileSync(join(fixture.folder, 'engine/instances', request.instanceId, 'runner.json'), 'utf8'),
    ) as { runner: { pid: number }; program: { pid: number } };
    process.kill(state.runner.pid, 'SIGKILL');
    const seen = await fixture.observed(request.instanceId, (observation) => observation.state === 'exited');
    expect(seen).toMatchObject({
      exit: { reason: 'ended', code: null, detail: expect.stringContaining('supervision') },
    });
    await eventually(() => expect([alive(state.program.pid), alive(daemon)]).toEqual([false, false]));
    await fixture.engine.stop(request.instanceId, { graceSeconds: 0 });
  });

  it('does not take the number of an ended process for the process', async () => {
    const request = await fixture.run('setInterval(() => {}, 1000);');
    const folder = join(fixture.folder, 'engine/instances', request.instanceId);
    const text = readFileSync(join(folder, 'runner.json'), 'utf8');
    const state = JSON.parse(text) as { runner: { pid: number; start: string } };
    await fixture.engine.stop(request.instanceId, { graceSeconds: 0 });
    // The same files, as if this very process had got the pid of the runner since.
    const run = await fixture.home.prepare('instances', request.instanceId);
    writeFileSync(
      join(folder, 'runner.json'),
      text.replaceAll(`"pid":${state.runner.pid},`, `"pid":${process.pid},`),
    );
    expect(run.status().state).toBe('ended');
    await run.end(1);
    expect(alive(process.pid)).toBe(true);
    await fixture.home.forget('instances', request.instanceId, 0);
  });

  if (name === 'control groups and users') {
    it('that floods its log is slowed down, its log stays bounded and whole, and the platform stays quick', async () => {
      const request = await fixture.run(`
        const line = ' '.repeat(80);
        let number = 0;
        const { writeSync } = require('node:fs');
        for (;;) writeSync(1, 'line ' + (number++) + line + '\\n');`);
      const logFolder = join(fixture.folder, 'engine/logs', request.deploymentId);
      const bytesOnDisk = () =>
        readdirSync(logFolder)
          // One of them may be rotated away in between.
          .map((file) => statSync(join(logFolder, file), { throwIfNoEntry: false })?.size ?? 0)
          .reduce((sum, size) => sum + size, 0);
      let longestPauseMs = 0;
      let largest = 0;
      const until = Date.now() + 4_000;
      for (let last = Date.now(); Date.now() < until;) {
        await delay(10);
        longestPauseMs = Math.max(longestPauseMs, Date.now() - last - 10);
        last = Date.now();
        largest = Math.max(largest, bytesOnDisk());
      }
      expect(longestPauseMs).toBeLessThan(500);
      expect(largest).toBeLessThanOrEqual(MEBIBYTE + 128 * 1024);
      const [sample] = await fixture.engine.sample([request.instanceId]);
      // It waits for its log instead of burning the core.
      expect(sample?.cpuSecondsTotal).toBeLessThan(2.5);
      await fixture.engine.stop(request.instanceId, { graceSeconds: 0 });

      const read = (offset: number): Promise<LogChunk> =>
        fixture.engine.readLog({ deploymentId: request.deploymentId, offset, maxBytes: 64 * 1024 });
      const first = await read(0);
      expect(first.startOffset).toBeGreaterThan(MEBIBYTE);
      const numbers: number[] = [];
      for (let chunk = first; chunk.text !== ''; chunk = await read(chunk.nextOffset)) {
        for (const line of chunk.text.trimEnd().split('\n'))
          numbers.push(Number(/^line (\d+) *$/.exec(line)?.[1]));
      }
      expect(numbers.length).toBeGreaterThan(5_000);
      expect(numbers).toEqual(Array.from(numbers, (_, index) => (numbers[0] ?? NaN) + index));
      expect(
        (await fixture.engine.readLog({ deploymentId: request.deploymentId, offset: 1e12, maxBytes: 10 }))
          .text,
      ).toBe('');
    });

    it('counts the processor time of children that are gone', async () => {
      const request = await fixture.run(`
        const { spawn } = require('node:child_process');
        spawn(process.execPath, ['-e', 'while (process.cpuUsage().user + process.cpuUsage().system < 5e5);']).on('exit', () => console.log('gone'));
        setInterval(() => {}, 1000);`);
      await eventually(
        async () => expect(await fixture.logText(request.deploymentId)).toContain('gone'),
        20_000,
      );
      const [sample] = await fixture.engine.sample([request.instanceId]);
      expect(sample?.cpuSecondsTotal).toBeGreaterThan(0.5);
      await fixture.engine.stop(request.instanceId, { graceSeconds: 0 });
    });
  }
});

function sleepers(): string[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry) && alive(Number(entry)))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8') === `/bin/sleep\u0000${SLEEP_SECONDS}\u0000`;
      } catch {
        return false;
      }
    });
}
