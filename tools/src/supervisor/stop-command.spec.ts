import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { jest } from '@jest/globals';
import { serveControl } from './control.js';
import { identityOf, type ProcessIdentity } from './process-identity.js';
import { writeRecord } from './process-record.js';
import { ScratchCheckout } from './scratch-checkout.fixture.js';
import { reset } from './stop-command.js';
import { eventually } from './supervised-copy.fixture.js';
import { claimHome, releaseHome } from './supervisor-lock.js';

describe('npm run reset', () => {
  let checkout: ScratchCheckout;
  let data: string;

  beforeEach(() => {
    checkout = new ScratchCheckout('stop-command.spec');
    data = join(checkout.home.path, 'servers/data');
    writeFileSync(data, '');
    jest.spyOn(console, 'log').mockImplementation(() => {});
  });

  afterEach(() => {
    jest.restoreAllMocks();
    checkout.remove();
  });

  const terminal = (typed: string) => {
    const [input, output] = [new PassThrough(), new PassThrough()];
    input.end(typed);
    return { input: Object.assign(input, { isTTY: true }), output };
  };

  it.each([['no\n'], ['y\n'], ['']])('deletes nothing when its question is answered by %j', async (typed) => {
    expect(await reset(checkout.path, false, terminal(typed))).toBe(1);
    expect(existsSync(data)).toBe(true);
  });

  it('deletes when somebody types yes, after it has said what and where', async () => {
    const { input, output } = terminal('yes\n');
    expect(await reset(checkout.path, false, { input, output })).toBe(0);
    expect(existsSync(data)).toBe(false);
    output.end();
    expect(await text(output)).toContain(
      `all databases, streams, archives and apps in ${checkout.home.path}.`,
    );
  });
});

describe('npm stop', () => {
  let checkout: ScratchCheckout;

  beforeEach(() => {
    checkout = new ScratchCheckout('stop-command.spec');
  });

  afterEach(() => checkout.remove());

  it('tells in one sentence what the supervisor could not do', async () => {
    claimHome(checkout.home);
    const control = await serveControl(checkout.home.controlSocket, {
      stop: () => Promise.reject(new Error('One app would not end.')),
    });
    const { code, output } = await checkout.run('stop-command', 'stop');
    expect({ code, output }).toEqual({ code: 1, output: '✗ One app would not end.\n' });
    control.close();
    releaseHome(checkout.home);
  });

  it('ends the provisioner that a killed supervisor left before the servers it works with', async () => {
    const endings = join(checkout.path, 'endings');
    await leaveBehind('postgres-monitor', 0, endings);
    await leaveBehind('provisioner', 300, endings);
    const { code, output } = await checkout.run('stop-command', 'stop');
    expect({ code, output }).toMatchObject({ code: 0, output: expect.stringContaining('2 processes') });
    expect(readFileSync(endings, 'utf8')).toBe('provisioner postgres-monitor ');
  });

  /** A recorded process that takes its time to end and then writes its name. */
  async function leaveBehind(name: string, endsAfterMs: number, endings: string): Promise<void> {
    const marker = join(checkout.path, `${name}.mjs`);
    const listening = `${marker}.listening`;
    writeFileSync(
      marker,
      `import { appendFileSync, writeFileSync } from 'node:fs';
       process.on('SIGTERM', () => setTimeout(() => {
         appendFileSync(${JSON.stringify(endings)}, '${name} ');
         process.exit();
       }, ${endsAfterMs}));
       setInterval(() => {}, 1_000);
       writeFileSync(${JSON.stringify(listening)}, '');`,
    );
    const child = spawn(process.execPath, [marker], { stdio: 'ignore' });
    await eventually(() => expect(existsSync(listening)).toBe(true));
    const identity = identityOf(child.pid as number) as ProcessIdentity;
    writeRecord(checkout.home.run, {
      ...identity,
      name,
      marker,
      stopSignal: 'SIGTERM',
      stopTimeoutMs: 20_000,
    });
  }
});
