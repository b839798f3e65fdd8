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
    const secrets = variables.filter((each) => each.secret);
    expect(secrets.length).toBeGreaterThan(10);
    for (const { variable } of secrets) expect(linesOf(variable)).toEqual([`${variable}=`]);
  });

  it('sets the rest to their defaults, so that with secrets it is an environment for every process', () => {
    const example = Object.fromEntries(
      lines.filter((line) => /^[A-Z]/.test(line)).map((line) => line.split(/=(.*)/s).slice(0, 2)),
    ) as Record<string, string>;
    const generated = variables
      .filter((each) => each.secret)
      .map(({ variable, generated: kind }) => [
        variable,
        kind === 'rsa-private-key-file' ? '-----BEGIN PRIVATE KEY-----' : 'a long enough secret',
      ]);
    const secrets = Object.fromEntries(generated) as Record<string, string>;
    for (const environment of environments) {
      expect(loadEnvironment(environment, { ...example, ...secrets })).toEqual(
        loadEnvironment(environment, secrets),
      );
    }
  });
});
