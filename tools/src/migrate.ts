// node tools/dist/migrate.js <verb> <service|all|tenants> [options]: the migrations of the services' databases.
// docs/runbooks/migrations.md lists the verbs.
//
// Exit codes: 0 done; 1 a database could not be worked on, or was found wrong (the others were worked on), or a reset was
// not confirmed; 2 wrong usage or environment, nothing was touched.
import { resolve } from 'node:path';
import { EnvironmentError } from '@capsule/config';
import { MigrationError, migrationsFolder } from '@capsule/database/migrations';
import { readArguments, type Request } from './migrations/arguments.js';
import { confirmReset, requireResettable, ResetRefusedError } from './migrations/confirm-reset.js';
import { writeNewFile } from './migrations/new-file.js';
import { type ServiceDatabase, serviceDatabase } from './migrations/service-database.js';
import { type Outcome, verbs } from './migrations/verbs.js';
import { messageOf } from './error-message.js';
import { UsageError } from './usage-error.js';

const workspace = resolve(import.meta.dirname, '../..');

async function main(): Promise<number> {
  const request = readArguments(process.argv.slice(2));
  if (request.verb === 'new') return newFile(request, request.description ?? '');
  if (request.services.length === 0) {
    // Loaded when it is needed: most runs have nothing to do with the supervisor's modules.
    const { migrateTenants } = await import('./migrations/tenant-migrations.js');
    return migrateTenants(workspace, request.words, process.env);
  }
  const databases = request.services.map((service) => serviceDatabase(service, process.env));
  if (request.verb === 'reset') {
    await requireResettable(databases, process.env);
    if (!request.options.yes && !(await confirmReset(databases))) {
      throw new MigrationError('Nothing was deleted. (--yes does not ask.)');
    }
  }
  return onAll(databases, request, verbs[request.verb]);
}

async function onAll(
  databases: readonly ServiceDatabase[],
  { options }: Request,
  verb: (typeof verbs)[keyof typeof verbs],
): Promise<number> {
  const outcomes = await Promise.all(
    databases.map(async (database) => {
      try {
        return { service: database.service, ...(await verb(database, options)) };
      } catch (error) {
        return { service: database.service, error: messageOf(error) };
      }
    }),
  );
  if (options.json) {
    console.log(JSON.stringify(outcomes.map((each) => ('error' in each ? each : forPrograms(each)))));
  } else {
    for (const each of outcomes) {
      if ('error' in each) console.error(`${each.service}: ${each.error}`);
      else console.log(each.text);
    }
  }
  return outcomes.some((each) => 'error' in each || each.isBad) ? 1 : 0;
}

function forPrograms({ service, result }: Outcome & { service: string }): Record<string, unknown> {
  return { service, ...result };
}

async function newFile({ services, options }: Request, description: string): Promise<number> {
  const name = services[0] ?? 'monitor-tenant';
  const files = await writeNewFile(migrationsFolder(name), description, options);
  if (options.json) console.log(JSON.stringify({ files: files.map((file) => `migrations/${name}/${file}`) }));
  else console.log(files.map((file) => `migrations/${name}/${file}`).join('\n'));
  return 0;
}

main().then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    const isUntouched =
      error instanceof EnvironmentError || error instanceof UsageError || error instanceof ResetRefusedError;
    const message = messageOf(error);
    const isRefused = error instanceof Error && message !== error.message;
    const isExpected = isUntouched || isRefused || error instanceof MigrationError;
    // The words themselves: it may be they that can't be read.
    const isForPrograms = process.argv.includes('--json');
    if (isForPrograms) console.log(JSON.stringify({ error: { message } }));
    else if (isExpected) console.error(message);
    if (!isExpected) console.error(error);
    process.exitCode = isUntouched ? 2 : 1;
  },
);
