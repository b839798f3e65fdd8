import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { appNames } from '@capsule/contracts';
import { workspace } from '../../bootstrap/workspace.mjs';
import { ask, openControl } from './control.js';
import { type Home, openHome } from './home.js';
import { livingRecords } from './process-record.js';
import type { ProcessStatus } from './status.js';
import { eventually } from './supervised-copy.fixture.js';
import { supervisorOf } from './supervisor-lock.js';

const edgePort = 27_046;
const ports = {
  GATEWAY_PORT: 27_000,
  AUTH_SERVICE_PORT: 27_001,
  DEPLOY_SERVICE_PORT: 27_002,
  MONITOR_SERVICE_PORT: 27_003,
  BILLING_SERVICE_PORT: 27_004,
  AUTH_SERVICE_DB_PORT: 27_040,
  DEPLOY_SERVICE_DB_PORT: 27_041,
  MONITOR_SERVICE_DB_PORT: 27_042,
  BILLING_SERVICE_DB_PORT: 27_043,
  REDIS_PORT: 27_044,
  APPS_EDGE_PORT: edgePort,
  DEPLOY_SERVICE_INSTANCE_PORT_MIN: 27_070,
  DEPLOY_SERVICE_INSTANCE_PORT_MAX: 27_079,
};

/** The commands as npm runs them, on a checkout that is this one but for its `.env` and data. */
describe('the commands of the platform', () => {
  let checkout: string;
  let home: Home;

  beforeAll(async () => {
    checkout = mkdtempSync(join(tmpdir(), 'capsule-checkout-'));
    chmodSync(checkout, 0o755);
    for (const folder of ['apps', 'examples', 'tools'])
      symlinkSync(join(workspace, folder), join(checkout, folder));
    home = openHome(join(checkout, '.capsule'));
  });

  afterAll(async () => {
    await command('stop-command', 'stop');
    rmSync(checkout, { recursive: true });
  });

  it('start everything, write .env, deploy the demo app and return', async () => {
    const { code, output } = await command('start-command', 'startDetached', {});
    expect({ code, output }).toMatchObject({ code: 0 });
    expect(output).toContain('Wrote .env');
    expect(output).toContain(`http://hello-acme.localhost:${edgePort}`);
    expect(statSync(join(checkout, '.env')).mode & 0o777).toBe(0o600);
    expect(await statusOfDemo()).toBe(200);
  }, 120_000);

  it('show every server and service with its state, memory and log', async () => {
    const { code, output } = await command('stop-command', 'status');
    expect(code).toBe(0);
    const rows = output.trim().split('\n').slice(1);
    expect(rows).toHaveLength(12);
    for (const row of rows) expect(row).toMatch(/^\S+ +ready +\d+ +\d+ +\d+ MB +0 +\S+\.log$/);
  });

  it('leave a running platform as it is when it is started again', async () => {
    const before = livingRecords(home.run);
    const { code, output } = await command('start-command', 'startDetached', {});
    expect(code).toBe(0);
    expect(output).toContain('already running');
    expect(livingRecords(home.run)).toEqual(before);
  });

  it('start a killed service again', async () => {
    const { pid } = (await statuses()).find(({ name }) => name === 'billing') as ProcessStatus;
    process.kill(pid as number, 'SIGKILL');
    await eventually(async () =>
      expect(await statuses()).toContainEqual(
        expect.objectContaining({ name: 'billing', state: 'ready', restarts: 1 }),
      ),
    );
  }, 30_000);

  it('give a service nothing of the others in its environment', async () => {
    if (process.platform !== 'linux') return;
    for (const { name, pid } of (await statuses()).filter((each) =>
      appNames.some((app) => app === each.name),
    )) {
      const environment = readFileSync(`/proc/${pid}/environ`, 'utf8');
      expect(environment).toContain(`${name.toUpperCase()}_NATS_PASSWORD=`);
      for (const other of appNames.filter((app) => app !== name)) {
        expect(environment).not.toContain(`${other.toUpperCase()}_NATS_PASSWORD=`);
      }
      expect(environment).not.toContain('OWNER_PASSWORD');
    }
  });

  it('stop what a killed supervisor left, hosted apps too', async () => {
    process.kill(supervisorOf(home)?.pid as number, 'SIGKILL');
    await eventually(() => expect(supervisorOf(home)).toBeUndefined());
    expect(livingRecords(home.run)).toHaveLength(12);
    expect(await statusOfDemo()).toBe(200);
    const { output } = await command('stop-command', 'stop');
    expect(output).toContain('12 processes');
    expect(livingRecords(home.run)).toEqual([]);
    expect(await answersOnInstancePorts()).toEqual([]);
  }, 60_000);

  it('bring everything back with its data on the next start', async () => {
    const { code, output } = await command('start-command', 'startDetached', {});
    expect({ code, output }).toMatchObject({ code: 0 });
    expect(output).not.toContain('Wrote .env');
    expect(await statusOfDemo()).toBe(200);
    await command('stop-command', 'stop');
    expect(livingRecords(home.run)).toEqual([]);
    expect((await command('stop-command', 'status')).code).toBe(1);
  }, 120_000);

  async function statuses(): Promise<ProcessStatus[]> {
    const socket = await openControl(home.controlSocket);
    const answer = await ask<ProcessStatus[]>(socket, 'status');
    socket.destroy();
    return answer;
  }

  /** One command in a process of its own, as tools/bootstrap/*.mjs call it. */
  function command(
    module: string,
    name: string,
    ...options: object[]
  ): Promise<{ code: number | null; output: string }> {
    const url = pathToFileURL(join(workspace, 'tools/dist/supervisor', `${module}.js`)).href;
    const words = [checkout, ...options].map((word) => JSON.stringify(word)).join(', ');
    const script = `const m = await import(${JSON.stringify(url)}); process.exitCode = await m.${name}(${words});`;
    const moved = Object.entries(ports).map(([variable, port]) => [variable, String(port)]);
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      cwd: checkout,
      env: {
        PATH: process.env['PATH'],
        HOME: process.env['HOME'],
        ...Object.fromEntries(moved),
        NATS_URL: 'nats://127.0.0.1:27045',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    return new Promise((resolve) => child.once('close', (code) => resolve({ code, output })));
  }
});

async function answersOnInstancePorts(): Promise<number[]> {
  const answers: number[] = [];
  for (
    let port = ports.DEPLOY_SERVICE_INSTANCE_PORT_MIN;
    port <= ports.DEPLOY_SERVICE_INSTANCE_PORT_MAX;
    port += 1
  ) {
    if ((await statusAt(port, 'x')) !== undefined) answers.push(port);
  }
  return answers;
}

function statusOfDemo(): Promise<number | undefined> {
  return statusAt(edgePort, `hello-acme.localhost:${edgePort}`);
}

function statusAt(port: number, host: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    const call = request({ host: '127.0.0.1', port, path: '/', headers: { Host: host } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    call.once('error', () => resolve(undefined));
    call.end();
  });
}
