// npm run db:studio [-- --show-passwords --json]: how to look at each database with a program of one's choice. The role
// is that of backups: it may read every row of every organization, and change none.
//
// Exit codes: 0 told; 2 wrong usage or environment.
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { backupEnvironments, EnvironmentError, loadEnvironment } from '@capsule/config';
import { serviceNames, type ServiceName } from '@capsule/contracts';
import { readEnvironment } from './supervisor/environment-file.js';
import { UsageError } from './usage-error.js';

const USAGE = 'usage: npm run db:studio -- [--show-passwords] [--json]';
const workspace = resolve(import.meta.dirname, '../..');

interface Connection {
  service: ServiceName;
  host: string;
  port: number;
  database: string;
  user: string;
  sslmode: string;
  /** Where the password is to be found. */
  passwordIn: string;
  password?: string;
  /** As psql and most graphical programs take it. */
  uri: string;
}

function main(): void {
  const { 'show-passwords': showPasswords, json } = readFlags();
  const source = readEnvironment(workspace, process.env);
  const connections = serviceNames.map((service) => connectionOf(service, source, showPasswords));
  if (json) return console.log(JSON.stringify(connections));
  for (const connection of connections) console.log(render(connection));
  console.log(
    'These roles read the rows of all organizations and change nothing: show what you see to nobody.',
  );
}

function connectionOf(
  service: ServiceName,
  source: Readonly<Record<string, string>>,
  showPassword: boolean,
): Connection {
  const {
    host,
    port,
    name: database,
    user,
    password,
    tls,
  } = loadEnvironment(backupEnvironments[service], source).backup;
  const login = showPassword
    ? `${encodeURIComponent(user)}:${encodeURIComponent(password)}`
    : encodeURIComponent(user);
  return {
    service,
    host,
    port,
    database,
    user,
    sslmode: tls.mode,
    passwordIn: placeOf(`${service.toUpperCase()}_SERVICE_DB_BACKUP_PASSWORD`, source),
    ...(showPassword && { password }),
    uri: `postgresql://${login}@${host}:${port}/${encodeURIComponent(database)}?sslmode=${tls.mode}`,
  };
}

function placeOf(variable: string, source: Readonly<Record<string, string>>): string {
  const file = source[`${variable}_FILE`];
  if (file) return `the file ${file}`;
  return process.env[variable] ? `the environment variable ${variable}` : `.env, as ${variable}`;
}

function render({ service, uri, passwordIn, password, ...rest }: Connection): string {
  const lines = [
    `  host      ${rest.host}`,
    `  port      ${rest.port}`,
    `  database  ${rest.database}`,
    `  user      ${rest.user}`,
    `  password  ${password ?? `in ${passwordIn}`}`,
    `  sslmode   ${rest.sslmode}`,
    `  or        ${uri}`,
  ];
  return [service, ...lines, ''].join('\n');
}

function readFlags() {
  try {
    return parseArgs({
      options: {
        'show-passwords': { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
      },
    }).values;
  } catch {
    throw new UsageError(USAGE);
  }
}

try {
  main();
} catch (error) {
  const isExpected = error instanceof UsageError || error instanceof EnvironmentError;
  console.error(error instanceof Error ? error.message : error);
  if (error instanceof EnvironmentError)
    console.error('npm start adds the secrets that a new release asks for.');
  process.exitCode = isExpected ? 2 : 1;
}
