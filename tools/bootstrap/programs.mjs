import { accessSync, constants, readdirSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

/** The third-party servers Capsule runs, by the program each is started with and the packages that bring it. */
export const requiredPrograms = [
  { name: 'postgres', title: 'PostgreSQL 15 or newer', apt: 'postgresql', brew: 'postgresql@15' },
  { name: 'redis-server', title: 'Redis', apt: 'redis-server', brew: 'redis' },
  { name: 'nats-server', title: 'NATS server', apt: 'nats-server', brew: 'nats-server' },
  { name: 'caddy', title: 'Caddy', apt: 'caddy', brew: 'caddy' },
];

/** What only specs start: the pooler that an operator may put before PostgreSQL. */
export const testPrograms = [{ name: 'pgbouncer', title: 'PgBouncer', apt: 'pgbouncer', brew: 'pgbouncer' }];

const oldestPostgres = 15;
const usualFolders = [
  '/usr/sbin',
  '/usr/bin',
  '/usr/local/sbin',
  '/usr/local/bin',
  '/opt/homebrew/bin',
  '/opt/homebrew/sbin',
];

/**
 * Where programs are looked for: PostgreSQL hides its own where other programs don't lie.
 * @typedef {{ usual: string[], postgres: string[] }} ProgramFolders
 * @returns {ProgramFolders}
 */
export function systemFolders() {
  const path = pathFolders();
  const postgres = [...path, ...versionedFolders('/usr/lib/postgresql', 'bin')];
  for (const cellar of ['/opt/homebrew/opt', '/usr/local/opt'])
    postgres.push(...versionedFolders(cellar, 'bin', /^postgresql@\d+$/));
  postgres.push('/usr/pgsql-17/bin', '/usr/pgsql-16/bin', '/usr/pgsql-15/bin', ...usualFolders);
  return { usual: [...path, ...usualFolders], postgres };
}

/**
 * Where a program lies: on the PATH, else where distributions put it; undefined when it is nowhere.
 * @param {string} name @param {ProgramFolders} folders @returns {string | undefined}
 */
export function findProgram(name, folders = systemFolders()) {
  if (name === 'postgres') {
    const folder = postgresFolders(folders)[0];
    return folder && join(folder.path, 'postgres');
  }
  return folders.usual.map((folder) => join(folder, name)).find(isExecutable);
}

/**
 * Every installed PostgreSQL of a version Capsule can use that has both the server and initdb, newest last used
 * first on the PATH. A data folder belongs to one major version, so a caller may have to pick a particular one.
 * @param {ProgramFolders} folders @returns {{ path: string, major: number }[]}
 */
export function postgresFolders(folders = systemFolders()) {
  const found = new Map();
  for (const folder of folders.postgres) {
    // Distributions link single programs into /usr/local/bin; the real folder has the whole set.
    const program = join(folder, 'postgres');
    if (!isExecutable(program)) continue;
    const path = dirname(realpathSync(program));
    const major = Number(/(?:postgresql[/@]|pgsql-)(\d+)/.exec(path)?.[1] ?? 0);
    if ((major === 0 || major >= oldestPostgres) && isExecutable(join(path, 'initdb')))
      found.set(path, { path, major });
  }
  return [...found.values()];
}

/** What of the required programs is not installed. @param {ProgramFolders} folders */
export function missingPrograms(folders = systemFolders(), programs = requiredPrograms) {
  return programs.filter((program) => findProgram(program.name, folders) === undefined);
}

function pathFolders() {
  return (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
}

function versionedFolders(parent, child, pattern = /^\d+$/) {
  try {
    const versions = readdirSync(parent).filter((name) => pattern.test(name));
    const byVersion = (name) => Number(name.replace(/\D/g, ''));
    return versions.sort((a, b) => byVersion(b) - byVersion(a)).map((name) => join(parent, name, child));
  } catch {
    return [];
  }
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
