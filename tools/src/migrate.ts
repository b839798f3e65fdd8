// node tools/dist/migrate.js <migrate|info> <service|all> [--json]
//
// Exit codes: 0 done; 1 a database could not be migrated or read (the others were); 2 wrong usage or environment.
import { parseArgs } from 'node:util';
import { EnvironmentError, loadEnvironment, migrationEnvironments } from '@capsule/config';
import { type MigrationInfo, migrationsFolder, Migrator } from '@capsule/database';
import { printTable } from './migration-table.js';

type Service = keyof typeof migrationEnvironments;
type Verb = 'migrate' | 'info';

interface Outcome {
  service: Service;
  /** The scripts this run applied. */
  applied?: string[];
  migrations?: MigrationInfo[];
  error?: string;
}

const services = Object.keys(migrationEnvironments) as Service[];
const USAGE = `usage: migrate <migrate|info> <${services.join('|')}|all> [--json]`;

class UsageError extends Error {}

async function main(): Promise<number> {
  const { verb, chosen, json } = readArguments();
  const migrators = chosen.map((service) => ({ service, migrator: migratorOf(service) }));
  const outcomes = await Promise.all(migrators.map(({ service, migrator }) => run(verb, service, migrator)));
  if (json) console.log(JSON.stringify(outcomes));
  else outcomes.forEach(print);
  return outcomes.some((outcome) => outcome.error !== undefined) ? 1 : 0;
}

function readArguments(): { verb: Verb; chosen: Service[]; json: boolean } {
  const { values, positionals } = parseArgs({
    options: { json: { type: 'boolean', default: false } },
    allowPositionals: true,
  });
  const [verb, target, ...rest] = positionals;
  const chosen = target === 'all' ? services : services.filter((service) => service === target);
  if ((verb !== 'migrate' && verb !== 'info') || chosen.length === 0 || rest.length > 0) {
    throw new UsageError(USAGE);
  }
  return { verb, chosen, json: values.json };
}

function migratorOf(service: Service): Migrator {
  const { owner } = loadEnvironment(migrationEnvironments[service], process.env);
  return new Migrator(owner, migrationsFolder(service));
}

async function run(verb: Verb, service: Service, migrator: Migrator): Promise<Outcome> {
  try {
    if (verb === 'info') return { service, migrations: await migrator.info() };
    return { service, applied: (await migrator.migrate()).map((file) => file.script) };
  } catch (error) {
    return { service, error: error instanceof Error ? error.message : String(error) };
  }
}

function print(outcome: Outcome): void {
  if (outcome.error !== undefined) console.error(`${outcome.service}: ${outcome.error}`);
  else if (outcome.migrations) printTable(outcome.service, outcome.migrations);
  else if (outcome.applied?.length) console.log(`${outcome.service}: applied ${outcome.applied.join(', ')}`);
  else console.log(`${outcome.service}: up to date`);
}

main().then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    const isExpected =
      error instanceof EnvironmentError || error instanceof UsageError || isArgumentError(error);
    console.error(isExpected ? (error as Error).message : error);
    process.exitCode = isExpected ? 2 : 1;
  },
);

function isArgumentError(error: unknown): boolean {
  return error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
}
