import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type TestPorts, testPorts } from '@capsule/testing/test-ports';
import pg from 'pg';
import { workspace } from '../../bootstrap/workspace.mjs';
import { ask, openControl } from './control.js';
import { type Home, openHome } from './home.js';
import { livingRecords, type ProcessRecord } from './process-record.js';
import { converse } from './servers/line-protocol.js';
import { supervisorOf } from './supervisor-lock.js';

export type Variables = Record<string, string>;

/** A copy of the supervisor in a process of its own, as a test run starts it, with its data in a scratch folder. */
export class Copy {
  readonly home: Home;
  readonly firstPort: number;
  private supervisor: ChildProcess | undefined;
  private socket: Socket | undefined;
  messages = '';

  constructor(ports: TestPorts) {
    [this.firstPort] = testPorts(ports);
    // Not in the test's own folder: the user the servers run as must be able to enter.
    this.home = openHome(mkdtempSync(join(tmpdir(), 'capsule-supervisor-')));
  }

  /** Resolves with the variables for specs when all servers are usable. */
  async start(): Promise<Variables> {
    const program = join(workspace, 'tools/dist/supervisor/test-servers.js');
    const supervisor = spawn(process.execPath, [program, this.home.path, String(this.firstPort)], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.supervisor = supervisor;
    supervisor.stderr.on('data', (chunk: Buffer) => (this.messages += chunk.toString()));
    const failed = once(supervisor, 'close').then(() => Promise.reject(new Error(this.messages)));
    failed.catch(() => {});
    return Promise.race([failed, this.hold()]);
  }

  private async hold(): Promise<Variables> {
    this.socket = await eventually(() => openControl(this.home.controlSocket));
    return ask<Variables>(this.socket, 'hold');
  }

  async killSupervisor(): Promise<void> {
    const ended = once(this.supervisor as ChildProcess, 'exit');
    this.supervisor?.kill('SIGKILL');
    await ended;
  }

  async stop(): Promise<void> {
    this.socket?.destroy();
    await eventually(() => {
      if (supervisorOf(this.home)) throw new Error('still running');
    });
  }

  record(name: string): ProcessRecord {
    const record = livingRecords(this.home.run).find((each) => each.name === name);
    if (!record) throw new Error(`${name} does not run`);
    return record;
  }

  remove(): void {
    rmSync(this.home.path, { recursive: true });
  }
}

export async function eventually<Result>(
  look: () => Result | Promise<Result>,
  withinMs = 20_000,
): Promise<Result> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    try {
      return await look();
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await sleep(30);
    }
  }
}

export function clientOf(
  variables: Variables,
  service: string,
  user: string,
  password: string,
  given?: string,
  database?: string,
) {
  const value = (name: string) => variables[`${service}_SERVICE_DB_${name}`];
  return new pg.Client({
    host: value('HOST'),
    port: Number(value('PORT')),
    user: value(user),
    password: given ?? value(password),
    database: database ?? value('NAME'),
  });
}

export async function superuserOf(variables: Variables, service: string): Promise<pg.Client> {
  const client = new pg.Client({
    host: '127.0.0.1',
    port: Number(variables[`${service}_SERVICE_DB_PORT`]),
    user: variables['CAPSULE_TEST_POSTGRES_SUPERUSER'],
    password: variables[`CAPSULE_TEST_${service}_POSTGRES_SUPERUSER_PASSWORD`],
    database: variables[`${service}_SERVICE_DB_NAME`],
  });
  await client.connect();
  return client;
}

export function pingRedis(variables: Variables): Promise<void> {
  const message = `AUTH ${variables['REDIS_PASSWORD']}\r\nPING\r\n`;
  return converse({ port: Number(variables['REDIS_PORT']) }, message, (text) => text.includes('+PONG'));
}

export function listStreams(variables: Variables): Promise<void> {
  const login = { user: 'admin', pass: variables['CAPSULE_TEST_NATS_ADMIN_PASSWORD'], verbose: false };
  const request = 'SUB _INBOX_admin.names 1\r\nPUB $JS.API.STREAM.NAMES _INBOX_admin.names 0\r\n\r\n';
  const port = Number(new URL(variables['NATS_URL'] as string).port);
  return converse({ port }, `CONNECT ${JSON.stringify(login)}\r\n${request}`, (text) => {
    if (text.includes('"streams":null')) throw new Error('no streams yet');
    return text.includes('"CAPSULE_AUTH"');
  });
}

export function readCommandLine(pid: number): string {
  return process.platform === 'linux'
    ? readFileSync(`/proc/${pid}/cmdline`, 'utf8')
    : spawnSync('ps', ['-ww', '-o', 'args=', '-p', String(pid)], { encoding: 'utf8' }).stdout;
}
