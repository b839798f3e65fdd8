import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { workspace } from '../../bootstrap/workspace.mjs';
import { serveControl } from './control.js';
import { identityOf, isAlive, type ProcessIdentity } from './process-identity.js';
import { livingRecords } from './process-record.js';
import { type RunningCommand, ScratchCheckout } from './scratch-checkout.fixture.js';
import { eventually } from './supervised-copy.fixture.js';
import { claimHome, releaseHome, supervisorOf } from './supervisor-lock.js';

/** Longer than anything here waits for. */
const healthTimeoutSeconds = '600';

describe('a start with faults of several apps in the environment', () => {
  it('names them all in one message and starts nothing', async () => {
    const checkout = new ScratchCheckout('start-command.spec');
    Object.assign(checkout.variables, {
      AUTH_SERVICE_BCRYPT_COST: 'high',
      MONITOR_PROVISIONER_PARALLEL: '0',
      // Every service reads it.
      LOG_LEVEL: 'loud',
    });
    const { code, output } = await checkout.run('start-command', 'start', {});
    expect({ code, output }).toMatchObject({
      code: 1,
      output: expect.stringContaining('✗ The environment of the platform is not usable:\n'),
    });
    const faults = [...output.matchAll(/^ {2}([A-Z_]+): /gm)].map((match) => match[1]);
    expect(faults.sort()).toEqual(['AUTH_SERVICE_BCRYPT_COST', 'LOG_LEVEL', 'MONITOR_PROVISIONER_PARALLEL']);
    expect(readdirSync(join(checkout.home.path, 'servers'))).toEqual([]);
    checkout.remove();
  });
});

describe('a detached start', () => {
  const checkout = new ScratchCheckout('start-command.spec');

  afterAll(async () => {
    await checkout.run('stop-command', 'stop');
    checkout.remove();
  });

  it.each([
    [
      'by Ctrl-C',
      (starting: RunningCommand) => starting.child.kill('SIGINT'),
      '✗ Capsule was stopped before it was ready.',
    ],
    ['by npm stop', () => checkout.run('stop-command', 'stop'), '✗ Capsule was stopped before it was ready.'],
    [
      'by the end of its supervisor',
      () => process.kill(supervisorOf(checkout.home)?.pid as number, 'SIGKILL'),
      '✗ Its supervisor was ended by SIGKILL; npm stop ends what it left.',
    ],
  ])(
    'that is stopped %s before it is ready ends with 1 and says so',
    async (_, stop, lastLine) => {
      const starting = checkout.begin('start-command', 'startDetached', {});
      await eventually(() => expect(starting.output()).toMatch(/^✓ redis /m));
      await stop(starting);
      const { code, output } = await starting.ended;
      expect({ code, lastLine: output.trimEnd().split('\n').at(-1) }).toEqual({ code: 1, lastLine });
    },
    60_000,
  );

  it('that another start is just at work on ends when that does: with 1 when it was stopped before it was ready', async () => {
    const first = checkout.begin('start-command', 'startDetached', {});
    await eventually(() => expect(first.output()).toMatch(/^✓ redis /m));
    const second = checkout.begin('start-command', 'startDetached', {});
    await eventually(() => expect(second.output()).toContain('already running'));
    await checkout.run('stop-command', 'stop');
    const { code, output } = await second.ended;
    expect({ code, output }).toMatchObject({
      code: 1,
      output: expect.stringContaining('before it was ready'),
    });
    await first.ended;
  }, 60_000);

  it('that another start is just at work on ends when that does: with 0 when it is ready', async () => {
    claimHome(checkout.home);
    let tellReady = (_isReady: boolean) => {};
    const ready = new Promise<boolean>((resolve) => (tellReady = resolve));
    let asked = false;
    const control = await serveControl(checkout.home.controlSocket, {
      ready: () => {
        asked = true;
        return ready;
      },
    });
    const starting = checkout.begin('start-command', 'startDetached', {});
    await eventually(() => expect(asked).toBe(true));
    expect(starting.child.exitCode).toBeNull();
    tellReady(true);
    expect(await starting.ended).toMatchObject({ code: 0 });
    control.close();
    releaseHome(checkout.home);
  }, 30_000);
});

it.each([
  ['start-command', 'startDetached', {}],
  ['dev-command', 'serve', 'auth'],
  ['dead-letters-command', 'deadLetters', ['auth', 'list']],
])('%s.%s tells in one line of a .env that cannot be read', async (module, name, argument) => {
  const checkout = new ScratchCheckout('start-command.spec');
  mkdirSync(join(checkout.path, '.env'));
  const { code, output } = await checkout.run(module, name, argument);
  expect({ code, output }).toEqual({ code: 1, output: expect.stringMatching(/^✗ EISDIR.+\n$/) });
  checkout.remove();
});

it('a start names all ports that others have, and starts nothing', async () => {
  const checkout = new ScratchCheckout('start-command.spec');
  const { GATEWAY_PORT, REDIS_PORT } = checkout.ports;
  const strangers = [GATEWAY_PORT, REDIS_PORT].map((port) =>
    createServer().listen(Number(port), '127.0.0.1'),
  );
  await Promise.all(strangers.map((stranger) => once(stranger, 'listening')));
  const { code, output } = await checkout.run('start-command', 'start', {});
  expect({ code, output }).toEqual({
    code: 1,
    output:
      '! Wrote .env with generated secrets.\n' +
      '✗ Other programs are listening where these should:\n' +
      `  gateway needs port ${GATEWAY_PORT}\n  redis needs port ${REDIS_PORT}\n` +
      'Stop those programs, or move the ports by GATEWAY_PORT, REDIS_PORT.\n',
  });
  for (const stranger of strangers) stranger.close();
  checkout.remove();
}, 30_000);

it('a start whose output nobody reads any more ends in order', async () => {
  const checkout = new ScratchCheckout('start-command.spec');
  const { child, output, ended } = checkout.begin('start-command', 'start', {});
  await eventually(() => expect(output()).toMatch(/^✓ redis /m));
  // As in `npm start 2>&1 | head`.
  child.stdout?.destroy();
  child.stderr?.destroy();
  expect(await ended).toMatchObject({ code: 0 });
  expect(livingRecords(checkout.home.run)).toEqual([]);
  checkout.remove();
}, 60_000);

(existsSync('/dev/full') ? it : it.skip)(
  'a detached supervisor goes on when it cannot write into its log, because the disk is full',
  async () => {
    const checkout = new ScratchCheckout('start-command.spec');
    // Fails the start, some steps after the first lines of the log.
    const stranger = createServer().listen(Number(checkout.ports.GATEWAY_PORT), '127.0.0.1');
    await once(stranger, 'listening');
    const full = openSync('/dev/full', 'w');
    const program = join(workspace, 'tools/dist/supervisor/detached.js');
    const supervisor = spawn(process.execPath, [program, checkout.path], {
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...checkout.variables },
      stdio: ['ignore', full, full, 'ipc'],
    });
    const messages: unknown[] = [];
    supervisor.on('message', (message) => messages.push(message));
    await once(supervisor, 'close');
    expect(messages).toEqual([
      { kind: 'note', message: 'Wrote .env with generated secrets.' },
      { kind: 'failure', message: expect.stringContaining('gateway needs port') },
    ]);
    closeSync(full);
    stranger.close();
    checkout.remove();
  },
  30_000,
);

describe('a start whose demo app never answers', () => {
  const checkout = new ScratchCheckout('start-command.spec');
  // No user but root's own can enter it, so apps cannot run as users of their own.
  const privateFolder = mkdtempSync(join(tmpdir(), 'capsule-private-'));
  checkout.variables['DEPLOY_SERVICE_ENGINE_FOLDER'] = join(privateFolder, 'instances');

  beforeAll(() => {
    const example = join(checkout.path, 'examples/hello-node');
    rmSync(join(checkout.path, 'examples'));
    mkdirSync(example, { recursive: true });
    writeFileSync(join(example, 'package.json'), '{ "scripts": { "start": "node server.js" } }');
    writeFileSync(join(example, 'server.js'), 'setInterval(() => {}, 1_000);');
  });

  afterAll(async () => {
    await checkout.run('stop-command', 'stop');
    checkout.remove();
    rmSync(privateFolder, { recursive: true });
  });

  it('ends with 1 when detached, says so, and leaves the platform running', async () => {
    checkout.variables['DEPLOY_SERVICE_HEALTH_TIMEOUT_SECONDS'] = '1';
    const { code, output } = await checkout.run('start-command', 'startDetached', {});
    expect({ code, output }).toMatchObject({ code: 1 });
    expect(output).toMatch(/^✗ The platform runs, but the demo could not be deployed: \S+/m);
    expect(output).toContain('Running in the background without the demo app. npm run status shows it');
    expect(await checkout.run('stop-command', 'status')).toMatchObject({ code: 0 });
    expect(await checkout.run('stop-command', 'stop')).toMatchObject({ code: 0 });
  }, 120_000);

  it('says that isolation is off and why, and ends at once while the demo is being deployed, though all processes are told to', async () => {
    checkout.variables['DEPLOY_SERVICE_HEALTH_TIMEOUT_SECONDS'] = healthTimeoutSeconds;
    const foreground = checkout.begin('start-command', 'start', {});
    await eventually(() => expect(foreground.output()).toContain('✓ Capsule is ready'), 90_000);
    const app = await eventually(hostedApp);
    expect(foreground.output()).toMatch(
      /^! Isolation is off: hosted apps can read what you can read \(.+\)\.$/m,
    );

    const processes = livingRecords(checkout.home.run);
    foreground.child.kill('SIGINT');
    // As nx does, which tells the whole tree.
    for (const { pid } of processes) process.kill(pid, 'SIGTERM');
    const { code, output } = await foreground.ended;
    expect({ code, output }).toMatchObject({ code: 0, output: expect.stringContaining('data stays') });
    expect(output).not.toContain('could not be deployed');
    expect(output).not.toContain('started again');
    expect(livingRecords(checkout.home.run)).toEqual([]);
    expect(isAlive(app)).toBe(false);
  }, 150_000);

  /** The process of the app that is being deployed, as its runner has recorded it. */
  function hostedApp(): ProcessIdentity {
    const folder = join(privateFolder, 'instances/instances');
    const alive = readdirSync(folder)
      .map(
        (id) =>
          JSON.parse(readFileSync(join(folder, id, 'runner.json'), 'utf8')) as { program: { pid: number } },
      )
      .map(({ program }) => identityOf(program.pid))
      .find((identity) => identity !== undefined);
    if (!alive) throw new Error('no app runs');
    return alive;
  }
});
