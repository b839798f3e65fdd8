import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { testPorts } from '@capsule/testing/test-ports';
import { type Home, openHome } from './home.js';
import { ManagedProcess, type ProcessDefinition, type ProcessListener } from './managed-process.js';
import { identityOf } from './process-identity.js';
import { livingRecords } from './process-record.js';
import { reportTo } from './reporter.js';
import { statusOf } from './status.js';
import { eventually } from './supervised-copy.fixture.js';

const [port] = testPorts('managed-process.spec');
const listen = `require('net').createServer().listen(${port}, '127.0.0.1');`;

describe('a managed process', () => {
  let home: Home;
  let deaths: { message: string; tail: string }[];
  let listener: ProcessListener;
  let started: ManagedProcess | undefined;

  beforeEach(() => {
    home = openHome(mkdtempSync(join(tmpdir(), 'capsule-managed-')));
    deaths = [];
    listener = { onDeath: (_, message, tail) => deaths.push({ message, tail }) };
  });

  afterEach(async () => {
    await started?.stop();
    expect(livingRecords(home.run)).toEqual([]);
    rmSync(home.path, { recursive: true });
  });

  it('is started again when it dies, with the end of what it wrote as the reason', async () => {
    const program = `${listen} console.log('about to fail'); process.on('SIGUSR2', () => { throw new Error('broken'); });`;
    const managed = start(program);
    await managed.start();
    const first = managed.pid as number;
    process.kill(first, 'SIGUSR2');
    await eventually(() => expect(managed).toMatchObject({ state: 'ready', restarts: 1 }));
    expect(managed.pid).not.toBe(first);
    expect(deaths).toHaveLength(1);
    expect(deaths[0]?.message).toBe('sample ended with code 1');
    expect(deaths[0]?.tail).toContain('Error: broken');
  });

  it('that ends while starting fails the start with what it wrote and is not started again', async () => {
    const managed = start(`console.error('no such setting'); process.exit(3);`);
    await expect(managed.start()).rejects.toThrow(/sample ended with code 3[^]*no such setting/);
    expect(managed).toMatchObject({ state: 'stopped', restarts: 0 });
  });

  it('that never serves fails the start when its time is over and is gone then', async () => {
    const managed = start('setInterval(() => {}, 1000);', { startTimeoutMs: 300 });
    await expect(managed.start()).rejects.toThrow('was not ready after 300 ms');
    expect(managed.pid).toBeUndefined();
  });

  it('that ignores the request to end is killed when its time is over', async () => {
    const managed = start(`process.on('SIGTERM', () => {}); ${listen}`, { stopTimeoutMs: 200 });
    await managed.start();
    await managed.stop();
    expect(managed.state).toBe('stopped');
    expect(livingRecords(home.run)).toEqual([]);
  });

  it('leaves none of its own running when a start fails after the process began, and is back when it can be', async () => {
    const pidsFile = join(home.path, 'pids');
    const managed = start(`require('fs').appendFileSync('${pidsFile}', process.pid + ' '); ${listen}`);
    await managed.start();
    // As on a full disk, no record of the next process can be written.
    const obstacle = join(home.run, 'sample.json.new');
    mkdirSync(obstacle);
    process.kill(managed.pid as number, 'SIGKILL');
    await eventually(() => expect(deaths.at(-1)?.message).toContain('EISDIR'));
    rmdirSync(obstacle);
    await eventually(() => expect(managed.state).toBe('ready'));
    const pids = readFileSync(pidsFile, 'utf8').trim().split(' ').map(Number);
    expect(pids.filter((pid) => identityOf(pid))).toEqual([managed.pid]);
  });

  it('is not back while a stranger has its port, says so, and takes it when that lets go', async () => {
    const managed = start(listen);
    await managed.start();
    let stranger: Server | undefined;
    let isBack = false;
    listener.onReady = () => (isBack = true);
    listener.onDeath = (_, message, tail) => {
      deaths.push({ message, tail });
      stranger ??= createServer().listen(port, '127.0.0.1');
    };
    process.kill(managed.pid as number, 'SIGKILL');
    await eventually(() =>
      expect(deaths.at(-1)).toEqual({
        message: expect.stringContaining(
          `sample needs port ${port}, but another program is listening there.`,
        ),
        tail: '',
      }),
    );
    expect(isBack).toBe(false);
    stranger?.close();
    await eventually(() => expect(managed.state).toBe('ready'));
  });

  (process.platform === 'linux' ? it : it.skip)(
    'is not ready by the answers of a stranger who took its port in the last moment',
    async () => {
      const stranger = createServer();
      const managed = start('setInterval(() => {}, 1000);', {
        startTimeoutMs: 300,
        prepare: async () => void (await once(stranger.listen(port, '127.0.0.1'), 'listening')),
      });
      await expect(managed.start()).rejects.toThrow(`another program answers on port ${port}`);
      stranger.close();
    },
  );

  it('that cannot be started again tells why and how it ended, once, in whole sentences', async () => {
    const failures: string[] = [];
    const reporter = { step: () => {}, note: () => {}, summary: () => {} };
    listener = reportTo({ ...reporter, failure: (message) => failures.push(message) });
    const flag = join(home.path, 'flag');
    const managed = start(
      `if (require('fs').existsSync('${flag}')) { console.log('no luck'); process.exit(3); } ${listen}`,
    );
    await managed.start();
    mkdirSync(flag);
    process.kill(managed.pid as number, 'SIGKILL');
    await eventually(() => expect(failures.length).toBeGreaterThanOrEqual(2));
    expect(failures.slice(0, 2)).toEqual([
      'sample was killed by SIGKILL; it is started again.',
      `sample ended with code 3; it is started again. The end of ${managed.logPath}:\n    no luck`,
    ]);
  });

  it('that runs but serves no more is told of once and shown, left alone, and told of when it serves again', async () => {
    const told: string[] = [];
    const tell = (text: string) => void told.push(text);
    listener = reportTo({ step: tell, failure: tell, note: tell, summary: tell });
    let hangs = false;
    let misses = 0;
    const probe = async () => {
      if (!hangs) return connects();
      misses += 1;
      throw new Error('no answer');
    };
    const managed = start(listen, { probePauseMs: 5, probe });
    await managed.start();
    const { pid } = managed;
    hangs = true;
    await eventually(() => expect(statusOf([managed])[0]?.state).toMatch(/^not serving for \d+ s$/));
    expect(misses).toBeGreaterThanOrEqual(3);
    await eventually(() => expect(misses).toBeGreaterThan(9));
    hangs = false;
    await eventually(() => expect(statusOf([managed])[0]?.state).toBe('ready'));
    expect(told).toEqual([
      'sample',
      `sample runs but does not serve any more (no answer); if that lasts, kill -9 ${pid} has it started again.`,
      'sample serves again',
    ]);
    expect(managed).toMatchObject({ pid, restarts: 0 });
  });

  it('is not started again by its watcher after it was told to stop', async () => {
    const managed = start(listen);
    await managed.start();
    await managed.stop();
    expect(managed).toMatchObject({ state: 'stopped', pid: undefined, restarts: 0 });
    expect(deaths).toEqual([]);
  });

  it('is not running afterwards when it is told to stop at any moment of its start', async () => {
    for (const milliseconds of [0, 1, 2, 4, 8, 16, 32, 64]) {
      const managed = start(listen);
      const starting = managed.start().catch(() => {});
      await sleep(milliseconds);
      await managed.stop();
      await starting;
      await expect(connects()).rejects.toThrow('ECONNREFUSED');
      expect(livingRecords(home.run)).toEqual([]);
    }
  });

  it('is ended gracefully and served by another process after a restart', async () => {
    const managed = start(listen);
    await managed.start();
    const first = managed.pid;
    await managed.restart();
    expect(managed).toMatchObject({ state: 'ready', restarts: 0 });
    expect(managed.pid).not.toBe(first);
  });

  function start(program: string, times: Partial<ProcessDefinition> = {}): ManagedProcess {
    const marker = join(home.path, 'sample');
    const definition: ProcessDefinition = {
      name: 'sample',
      listens: { port, variable: 'SAMPLE_PORT' },
      program: process.execPath,
      arguments: ['-e', program, marker],
      environment: { PATH: process.env['PATH'] },
      marker,
      stopSignal: 'SIGTERM',
      stopTimeoutMs: 20_000,
      startTimeoutMs: 20_000,
      probe: connects,
      ...times,
    };
    started = new ManagedProcess(definition, home, listener);
    return started;
  }
});

function connects(): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(void socket.destroy()));
    socket.once('error', reject);
  });
}
