import { type Environment, loadEnvironment } from './environment.js';
import { renderExample } from './example.js';
import {
  authEnvironment,
  backupEnvironments,
  billingEnvironment,
  deployEnvironment,
  gatewayEnvironment,
  migrationEnvironments,
  monitorEnvironment,
  platformEnvironment,
} from './index.js';
import { listVariables } from './variable.js';

const environments: Environment[] = [
  platformEnvironment,
  gatewayEnvironment,
  authEnvironment,
  billingEnvironment,
  deployEnvironment,
  monitorEnvironment,
  ...Object.values(migrationEnvironments),
  ...Object.values(backupEnvironments),
];
const variables = environments.flatMap((environment) => listVariables(environment.variables));
const lines = renderExample(environments).split('\n');

const secrets = Object.fromEntries(
  variables
    .filter((each) => each.secret)
    .map(({ variable, generated: kind }) => [
      variable,
      kind === 'rsa-private-key-file' ? '-----BEGIN PRIVATE KEY-----' : 'a long enough secret',
    ]),
) as Record<string, string>;

/** Lines that set the variable, or would if they were not comments. */
const linesOf = (name: string) => lines.filter((line) => line.replace(/^# /, '').startsWith(`${name}=`));

describe('the example of an environment', () => {
  it.each([...new Set(variables.map((each) => each.variable))])('has %s once', (name) => {
    expect(linesOf(name)).toHaveLength(1);
  });

  it('names beside a variable every other that holds in its place for a service', () => {
    const at = lines.indexOf('DATABASE_POOL_MAX=10');
    expect(lines.slice(at - 4, at)).toEqual(
      ['auth', 'billing', 'deploy', 'monitor'].map(
        (service) => `# for ${service} alone: ${service.toUpperCase()}_SERVICE_DATABASE_POOL_MAX`,
      ),
    );
  });

  it('offers no name for a NATS user, because the server gives rights by the name of the app', () => {
    expect(variables.filter(({ variable }) => variable.includes('NATS_USER'))).toEqual([]);
  });

  it('leaves every secret empty', () => {
    const names = Object.keys(secrets);
    expect(names.length).toBeGreaterThan(10);
    for (const name of names) expect(linesOf(name)).toEqual([`${name}=`]);
  });

  it('sets the rest to their defaults, so that with secrets it is an environment for every process', () => {
    const example = Object.fromEntries(
      lines.filter((line) => /^[A-Z]/.test(line)).map((line) => line.split(/=(.*)/s).slice(0, 2)),
    ) as Record<string, string>;
    for (const environment of environments) {
      expect(loadEnvironment(environment, { ...example, ...secrets })).toEqual(
        loadEnvironment(environment, secrets),
      );
    }
  });

  it('has every process listen on loopback alone', () => {
    const processes = [
      loadEnvironment(gatewayEnvironment, secrets),
      loadEnvironment(authEnvironment, secrets),
      loadEnvironment(billingEnvironment, secrets),
      loadEnvironment(deployEnvironment, secrets),
      loadEnvironment(monitorEnvironment, secrets),
    ];
    for (const { http } of processes) expect(http.host).toBe('127.0.0.1');
  });
});
