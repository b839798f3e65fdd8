import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { listVariables, loadEnvironment, migrationEnvironments } from '@capsule/config';
import { migrationsFolder } from '@capsule/database/migrations';
import { type Service, services } from './service-database.js';

const workspace = resolve(import.meta.dirname, '../../..');

function settingsOf(folder: string): Map<string, string> {
  const text = readFileSync(join(migrationsFolder(folder), 'flyway.conf'), 'utf8');
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
}

/** Where the runner connects when nobody has said anything else than the secrets. */
function ownerByDefault(service: Service) {
  const environment = migrationEnvironments[service];
  const secrets = listVariables(environment.variables).filter((each) => each.generated);
  return loadEnvironment(
    environment,
    Object.fromEntries(secrets.map(({ variable }) => [variable, 'a secret'])),
  ).owner;
}

describe('flyway.conf', () => {
  it.each([
    ...services.map((service) => [service, service] as const),
    ['monitor-tenant', 'monitor'] as const,
  ])('of %s leads Flyway to the folder and database that the runner works on', (folder, service) => {
    const settings = settingsOf(folder);
    const { host, port, name, user } = ownerByDefault(service);
    expect(settings.get('flyway.url')).toBe(`jdbc:postgresql://${host}:${port}/${name}`);
    expect(settings.get('flyway.user')).toBe(user);
    const [, variable] = /^\$\{(\w+)\}$/.exec(settings.get('flyway.password') ?? '') ?? [];
    const variables = listVariables(migrationEnvironments[service].variables).map((each) => each.variable);
    expect(variables).toContain(variable);
    const location = settings.get('flyway.locations')?.replace(/^filesystem:/, '') ?? '';
    expect(resolve(workspace, location)).toBe(migrationsFolder(folder));
    expect(existsSync(resolve(workspace, location))).toBe(true);
    expect(settings.get('flyway.table')).toBe('flyway_schema_history');
  });
});
