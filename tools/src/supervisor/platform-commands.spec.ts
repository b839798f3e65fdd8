import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { type AppName, appNames, type ServiceName, serviceNames } from '@capsule/contracts';
import { type Deployment, ended, signUpTeam, visit } from '../e2e/team.fixture.js';
import { ask, openControl } from './control.js';
import { readEnvironment } from './environment-file.js';
import { everythingIn, type Haul, packIntruder, type Target } from './intruder.fixture.js';
import { livingRecords } from './process-record.js';
import { ScratchCheckout } from './scratch-checkout.fixture.js';
import type { ProcessStatus } from './status.js';
import { eventually } from './supervised-copy.fixture.js';
import { supervisorOf } from './supervisor-lock.js';

/** Four clusters, the bus, the cache, the edge's two processes, five services and the provisioner. */
const processCount = 14;

describe('the commands of the platform', () => {
  const checkout = new ScratchCheckout('platform-commands.spec');
  const { home, ports } = checkout;
  const edgePort = Number(ports.APPS_EDGE_PORT);
  const environmentFile = join(checkout.path, '.env');
  const data = join(home.path, 'servers/postgres-auth/data/PG_VERSION');

  afterAll(async () => {
    await checkout.run('stop-command', 'stop');
    checkout.remove();
  });

  it('start everything, write .env, deploy the demo app and return', async () => {
    const { code, output } = await checkout.run('start-command', 'startDetached', {});
    expect({ code, output }).toMatchObject({ code: 0 });
    expect(output).toContain('Wrote .env');
    for (const step of ['postgres-auth', 'redis', 'nats', 'migrations of auth', 'auth', 'Capsule is ready'])
      expect(output).toMatch(new RegExp(`^✓ ${step} +[\\d.]+ m?s`, 'm'));
    expect(output).toContain(`  App        http://hello-acme.localhost:${edgePort}\n`);
    expect(output).toMatch(
      /^ {2}Sign in +demo@example\.com +password \S{12,}\n\nRunning in the background\./m,
    );
    expect(statSync(environmentFile).mode & 0o777).toBe(0o600);
    expect(await statusOfDemo()).toBe(200);
  }, 120_000);

  it('show every server and service with its state, memory and log', async () => {
    const { code, output } = await checkout.run('stop-command', 'status');
    expect(code).toBe(0);
    const rows = output.trim().split('\n').slice(1);
    expect(rows).toHaveLength(processCount);
    for (const row of rows) expect(row).toMatch(/^\S+ +ready +(\d+|-) +\d+ +[1-9]\d* MB +0 +\S+\.log$/);
  });

  it('leave a running platform as it is when it is started again', async () => {
    const before = livingRecords(home.run);
    const { code, output } = await checkout.run('start-command', 'startDetached', {});
    expect(code).toBe(0);
    expect(output).toContain('already running');
    expect(livingRecords(home.run)).toEqual(before);
  });

  it('lend a service to whoever edits it, and take it back', async () => {
    const serving = checkout.begin('dev-command', 'serve', 'billing');
    await eventually(() => expect(serving.output()).toMatch(/^✓ billing /m));
    expect((await checkout.run('stop-command', 'status')).output).toMatch(/^billing +served elsewhere /m);
    const health = await fetch(`http://127.0.0.1:${ports.BILLING_SERVICE_PORT}/health/ready`);
    expect(health.status).toBe(200);

    serving.child.kill('SIGINT');
    expect(await serving.ended).toMatchObject({ code: 0 });
    await eventually(async () =>
      expect(await statuses()).toContainEqual(expect.objectContaining({ name: 'billing', state: 'ready' })),
    );
  }, 60_000);

  it('refuse to reload what runs already, and say what to do instead', async () => {
    const { code, output } = await checkout.run('dev-command', 'dev');
    expect(code).toBe(1);
    expect(output).toContain('npx nx serve');
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

  it('give the router of the edge its routes again when it was killed', async () => {
    const { pid } = (await statuses()).find(({ name }) => name === 'caddy-router') as ProcessStatus;
    process.kill(pid as number, 'SIGKILL');
    await eventually(async () => expect(await statusOfDemo()).not.toBe(200));
    await eventually(async () => expect(await statusOfDemo()).toBe(200));
  }, 60_000);

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

  (process.getuid?.() === 0 ? it : it.skip)(
    'let a hosted app open nothing of the platform when started by root',
    async () => {
      const processes = [supervisorOf(home), ...livingRecords(home.run)].map((each) => each?.pid);
      const targets: Target[] = [
        { kind: 'file', path: environmentFile },
        ...everythingIn(home.path),
        ...processes.map((pid): Target => ({ kind: 'file', path: `/proc/${pid}/environ` })),
      ];
      expect(targets).toEqual(
        expect.arrayContaining([
          { kind: 'file', path: join(home.path, 'keys/jwt-private-key.pem') },
          { kind: 'file', path: data },
          { kind: 'folder', path: join(home.path, 'storage') },
          { kind: 'socket', path: home.controlSocket },
          { kind: 'socket', path: home.edgeAdminSocket },
        ]),
      );
      // Its own folder it can read: what it cannot open is closed to it, and not missed by its way of trying.
      const own: Target = { kind: 'file', path: 'targets.json' };
      const haul = await haulOfIntruder('Intruders', [own, ...targets]);
      expect(haul).toEqual({ tried: targets.length + 1, opened: [own.path] });
    },
    60_000,
  );

  it('tell who asks on loopback, as a hosted app can, nothing without the operator token, and all with it', async () => {
    const services = serviceNames.flatMap((service) => {
      const url = `http://127.0.0.1:${ports[`${service.toUpperCase() as Uppercase<ServiceName>}_SERVICE_PORT`]}`;
      return [`${url}/metrics`, `${url}/health/ready`, `${url}/operations/database`];
    });
    const gateway = `http://127.0.0.1:${ports.GATEWAY_PORT}`;
    const provisioner = `http://127.0.0.1:${ports.MONITOR_PROVISIONER_PORT}`;
    const guarded = [...services, `${gateway}/metrics`, `${gateway}/health/ready`, `${provisioner}/metrics`];
    // What is for everybody it can read: it does get to where the others are.
    const open = `${gateway}/v1/openapi.json`;

    const targets = [open, ...guarded].map((path): Target => ({ kind: 'route', path }));
    const haul = await haulOfIntruder('Askers', targets);
    expect(haul).toEqual({ tried: targets.length, opened: [open] });

    const { OPERATOR_TOKEN } = readEnvironment(checkout.path, {});
    for (const url of guarded) {
      const response = await fetch(url, { headers: { authorization: `Bearer ${OPERATOR_TOKEN}` } });
      expect([url, response.status]).toEqual([url, 200]);
      expect(await response.text()).toMatch(/^# HELP|"details":|"sections":/);
    }
  }, 60_000);

  it.each<[AppName, keyof typeof ports, string[]]>([
    ['auth', 'AUTH_SERVICE_PORT', ['database', 'migrations', 'nats']],
    ['billing', 'BILLING_SERVICE_PORT', ['database', 'migrations', 'nats']],
    ['deploy', 'DEPLOY_SERVICE_PORT', ['database', 'edge', 'migrations', 'nats']],
    ['monitor', 'MONITOR_SERVICE_PORT', ['database', 'migrations', 'nats']],
    ['gateway', 'GATEWAY_PORT', ['nats', 'redis']],
  ])(
    'tell operators of %s by all that it depends on whether it is ready',
    async (_app, port, dependencies) => {
      const { OPERATOR_TOKEN } = readEnvironment(checkout.path, {});
      const response = await fetch(`http://127.0.0.1:${ports[port]}/health/ready`, {
        headers: { authorization: `Bearer ${OPERATOR_TOKEN}` },
      });
      const { details } = (await response.json()) as { details: Record<string, { status: string }> };
      const up = Object.entries(details).filter(([, { status }]) => status === 'up');
      expect(up.map(([name]) => name).sort()).toEqual([...dependencies, 'process'].sort());
    },
  );

  it('stop what a killed supervisor left, hosted apps too', async () => {
    process.kill(supervisorOf(home)?.pid as number, 'SIGKILL');
    await eventually(() => expect(supervisorOf(home)).toBeUndefined());
    expect(livingRecords(home.run)).toHaveLength(processCount);
    expect(await statusOfDemo()).toBe(200);
    const { output } = await checkout.run('stop-command', 'stop');
    expect(output).toContain(`${processCount} processes`);
    expect(livingRecords(home.run)).toEqual([]);
    expect(await answersOnInstancePorts()).toEqual([]);
  }, 60_000);

  it('bring everything back with its data on the next start, in the foreground, and end with 0 on Ctrl-C', async () => {
    const foreground = checkout.begin('start-command', 'start', {});
    await eventually(() => expect(foreground.output()).toContain('Running until Ctrl-C'), 90_000);
    expect(foreground.output()).not.toContain('Wrote .env');
    expect(livingRecords(home.run)).toHaveLength(processCount);
    expect(await statusOfDemo()).toBe(200);
    // A terminal sends it to npm as well, which passes it on.
    foreground.child.kill('SIGINT');
    foreground.child.kill('SIGINT');
    expect(await foreground.ended).toMatchObject({ code: 0, output: expect.stringContaining('data stays') });
    expect(livingRecords(home.run)).toEqual([]);
    expect(await answersOnInstancePorts()).toEqual([]);
    expect(await statusOfDemo()).toBeUndefined();
    expect((await checkout.run('stop-command', 'status')).code).toBe(1);
  }, 120_000);

  it('delete nothing and end with 1 when reset has nobody to ask', async () => {
    const { code, output } = await checkout.run('stop-command', 'reset', false);
    expect({ code, output }).toMatchObject({ code: 1 });
    expect(output).toContain('Nothing was deleted');
    expect(existsSync(data)).toBe(true);
  });

  it('delete the data but not .env nor its keys when reset is told yes', async () => {
    const before = readFileSync(environmentFile, 'utf8');
    expect((await checkout.run('stop-command', 'reset', true)).code).toBe(0);
    expect(readdirSync(home.path)).toEqual(['keys']);
    expect(readFileSync(environmentFile, 'utf8')).toBe(before);
  });

  async function statuses(): Promise<ProcessStatus[]> {
    const socket = await openControl(home.controlSocket);
    const answer = await ask<ProcessStatus[]>(socket, 'status');
    socket.destroy();
    return answer;
  }

  /** What an app of a new organization opened of the targets. */
  async function haulOfIntruder(organization: string, targets: Target[]): Promise<Haul> {
    const team = await signUpTeam(`http://127.0.0.1:${ports.GATEWAY_PORT}`, organization);
    const archive = await packIntruder(targets);
    const { id } = await team.api.postArchive<Deployment>(`/v1/apps/${team.app.id}/deployments`, archive);
    expect(await ended(team.api, id)).toMatchObject({ state: 'live' });
    return JSON.parse((await visit(team.app.url)).body) as Haul;
  }

  async function answersOnInstancePorts(): Promise<number[]> {
    const answers: number[] = [];
    for (
      let port = Number(ports.DEPLOY_SERVICE_INSTANCE_PORT_MIN);
      port <= Number(ports.DEPLOY_SERVICE_INSTANCE_PORT_MAX);
      port += 1
    ) {
      if ((await statusAt(port, 'x')) !== undefined) answers.push(port);
    }
    return answers;
  }

  function statusOfDemo(): Promise<number | undefined> {
    return statusAt(edgePort, `hello-acme.localhost:${edgePort}`);
  }
});

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
