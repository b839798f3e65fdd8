import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { testPorts } from '@capsule/testing/test-ports';
import { type Home, openHome } from './home.js';
import { ManagedProcess, type ProcessDefinition } from './managed-process.js';
import { livingRecords } from './process-record.js';
import { eventually } from './supervised-copy.fixture.js';

const [port] = testPorts('managed-process.spec');
const listen = `require('net').createServer().listen(${port}, '127.0.0.1');`;

describe('a managed process', () => {
  let home: Home;
  let deaths: { message: string; tail: string }[];
  let started: ManagedProcess | undefined;

  beforeEach(() => {
    home = openHome(mkdtempSync(join(tmpdir(), 'capsule-managed-')));
    deaths = [];
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
      stopTimeoutMs: 5_000,
      startTimeoutMs: 10_000,
      probe: connects,
      ...times,
    };
    const listener = {
      onDeath: (_: ManagedProcess, message: string, tail: string) => deaths.push({ message, tail }),
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
