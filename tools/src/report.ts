// npm run db:report [-- <service|all> --json]: what is wrong with the databases and what to do about it. It reads as the
// role of backups, which may look at everything and change nothing. docs/runbooks/database-report.md.
//
// Exit codes: 0 read, and nothing to do; 1 a database could not be read (the others were); 2 wrong usage or environment;
// 3 read, and there are warnings.
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { backupEnvironments, EnvironmentError, loadEnvironment } from '@capsule/config';
import { connectToRead, type DatabaseReport, readDatabaseReport } from '@capsule/database/report';
import { serviceNames, type ServiceName } from '@capsule/contracts';
import { messageOf } from './error-message.js';
import { renderReport } from './report/report-text.js';
import { readEnvironment } from './supervisor/environment-file.js';
import { UsageError } from './usage-error.js';

const USAGE = `usage: npm run db:report -- [all|${serviceNames.join('|')}] [--json]`;
const workspace = resolve(import.meta.dirname, '../..');

type Outcome = { service: ServiceName } & ({ report: DatabaseReport } | { error: string });

async function main(): Promise<number> {
  const { services, json } = readArguments();
  const source = readEnvironment(workspace, process.env);
  const logins = services.map((service) => ({
    service,
    login: loadEnvironment(backupEnvironments[service], source).backup,
  }));
  const outcomes = await Promise.all(
    logins.map(async ({ service, login }): Promise<Outcome> => {
      try {
        return { service, report: await readAs(login, service) };
      } catch (error) {
        return { service, error: messageOf(error) };
      }
    }),
  );
  if (json) console.log(JSON.stringify(outcomes));
  else for (const outcome of outcomes) print(outcome);
  return exitCodeOf(outcomes);
}

async function readAs(
  login: Parameters<typeof connectToRead>[0],
  service: ServiceName,
): Promise<DatabaseReport> {
  const client = await connectToRead(login);
  try {
    return await readDatabaseReport(
      async <Row>(statement: string, parameters: readonly unknown[] = []) =>
        (await client.query(statement, [...parameters])).rows as Row[],
      service,
    );
  } finally {
    await client.end();
  }
}

function print(outcome: Outcome): void {
  if ('error' in outcome) console.error(`${outcome.service}: ${outcome.error}\n`);
  else console.log(`${renderReport(outcome.service, outcome.report)}\n`);
}

function exitCodeOf(outcomes: readonly Outcome[]): number {
  if (outcomes.some((outcome) => 'error' in outcome)) return 1;
  const findings = outcomes.flatMap((outcome) =>
    'report' in outcome ? Object.values(outcome.report.sections).flatMap((section) => section.findings) : [],
  );
  return findings.some(({ severity }) => severity === 'warning') ? 3 : 0;
}

function readArguments(): { services: readonly ServiceName[]; json: boolean } {
  try {
    const { values, positionals } = parseArgs({
      options: { json: { type: 'boolean', default: false } },
      allowPositionals: true,
    });
    const [name = 'all', ...rest] = positionals;
    const service = serviceNames.find((each) => each === name);
    if (rest.length > 0 || (service === undefined && name !== 'all')) throw new UsageError(USAGE);
    return { services: service === undefined ? serviceNames : [service], json: values.json };
  } catch {
    throw new UsageError(USAGE);
  }
}

main().then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    if (error instanceof EnvironmentError)
      console.error('npm start adds the secrets that a new release asks for.');
    process.exitCode = error instanceof UsageError || error instanceof EnvironmentError ? 2 : 1;
  },
);
