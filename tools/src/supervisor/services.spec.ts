import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { appNames } from '@capsule/contracts';
import { listVariables } from '@capsule/config';
import { testPorts } from '@capsule/testing/test-ports';
import { ensureEnvironmentFile, readEnvironment } from './environment-file.js';
import { openHome } from './home.js';
import { ManagedProcess } from './managed-process.js';
import { appEnvironments } from './platform-settings.js';
import { provisionerProcess, serviceProcess } from './services.js';

const [port] = testPorts('services.spec');

/** Ends as late as a service may that was told the same (see libs/health). */
const stuckService = `
  const { SHUTDOWN_GRACE_SECONDS, SHUTDOWN_DRAIN_DELAY_MS } = process.env;
  const limitMs = Number(SHUTDOWN_DRAIN_DELAY_MS) + 1000 * Number(SHUTDOWN_GRACE_SECONDS);
  require('http').createServer((_, response) => response.end()).listen(${port}, '127.0.0.1');
  process.on('SIGTERM', () => setTimeout(() => {
    console.log('cut off after ' + limitMs + ' ms');
    process.exit(1);
  }, limitMs));
`;

describe.each(appNames)('the process of %s', (app) => {
  it("is given its own secrets and nobody else's", () => {
    const workspace = mkdtempSync(join(tmpdir(), 'capsule-services-'));
    ensureEnvironmentFile(workspace, join(workspace, '.capsule'));
    const source = readEnvironment(workspace, { PATH: process.env['PATH'], SOMETHING_ELSE: 'x' });
    rmSync(workspace, { recursive: true });

    const given = serviceProcess(app, workspace, source).environment;

    const own = new Set(
      listVariables(appEnvironments[app].variables).flatMap((each) => [
        each.variable,
        `${each.variable}_FILE`,
      ]),
    );
    const secrets = Object.keys(source).filter((name) => !['PATH', 'SOMETHING_ELSE'].includes(name));
    expect(secrets.filter((name) => given[name])).toEqual(secrets.filter((name) => own.has(name)));
    expect(secrets.some((name) => given[name])).toBe(true);
    // The owner of a database could switch its policies off.
    expect(Object.keys(given).filter((name) => name.includes('OWNER'))).toEqual([]);
    expect(given['SOMETHING_ELSE']).toBeUndefined();
    expect(given['PATH']).toBe(process.env['PATH']);
  });
});

it("the provisioner is given the owner of monitor's database, what operators ask it with, and no other secret", () => {
  const workspace = mkdtempSync(join(tmpdir(), 'capsule-services-'));
  ensureEnvironmentFile(workspace, join(workspace, '.capsule'));
  const source = readEnvironment(workspace, {});
  rmSync(workspace, { recursive: true });
  const given = provisionerProcess(workspace, source).environment;
  expect(
    Object.keys(source)
      .filter((name) => given[name])
      .sort(),
  ).toEqual(['MONITOR_SERVICE_DB_OWNER_PASSWORD', 'OPERATOR_TOKEN']);
});

it('a service is given the time to cut itself off before the supervisor kills it', async () => {
  const home = openHome(mkdtempSync(join(tmpdir(), 'capsule-services-')));
  const program = join(home.path, 'apps/billing/dist/main.js');
  mkdirSync(dirname(program), { recursive: true });
  writeFileSync(program, stuckService);
  const source = {
    PATH: process.env['PATH'],
    BILLING_SERVICE_PORT: String(port),
    SHUTDOWN_GRACE_SECONDS: '1',
    SHUTDOWN_DRAIN_DELAY_MS: '50',
  };
  const service = new ManagedProcess(serviceProcess('billing', home.path, source, { unbundled: true }), home);
  await service.start();
  await service.stop();
  expect(readFileSync(service.logPath, 'utf8')).toBe('cut off after 1050 ms\n');
  rmSync(home.path, { recursive: true });
});
