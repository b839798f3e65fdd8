import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ServiceName } from '@capsule/contracts';
import pg from 'pg';
import { postgresFolders } from '../../../bootstrap/programs.mjs';
import { serverFolder, type Home } from '../home.js';
import type { ProcessDefinition } from '../managed-process.js';
import type { ClusterSettings } from '../platform-settings.js';
import { rememberedPassword, writePrivateFile } from '../secret-file.js';
import { initialiseCluster } from './initialise-cluster.js';

export const superuser = 'capsule_superuser';
const maxConnections = 100;

/** One cluster per service: a service's data can be moved, restored or lost without the others. */
export function postgresServer(
  home: Home,
  service: ServiceName,
  cluster: ClusterSettings,
): ProcessDefinition {
  const name = `postgres-${service}`;
  const folder = serverFolder(home, name);
  const data = join(folder, 'data');
  const configuration = join(folder, 'postgresql.conf');
  const binaries = binariesFor(data);
  return {
    name,
    listens: cluster,
    program: join(binaries, 'postgres'),
    arguments: ['-D', data, `--config-file=${configuration}`],
    environment: { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' },
    user: home.user,
    marker: data,
    pidFile: join(data, 'postmaster.pid'),
    // Fast shutdown: rolls open transactions back and disconnects, where SIGTERM would wait for every client.
    stopSignal: 'SIGINT',
    stopTimeoutMs: 20_000,
    // After a crash it replays its log first.
    startTimeoutMs: 60_000,
    prepare: async () => {
      if (!existsSync(join(data, 'PG_VERSION'))) {
        const password = superuserPassword(home, service);
        await initialiseCluster(home, { name, data, binaries, superuser, password });
      }
      writePrivateFile(join(folder, 'pg_hba.conf'), 'host all all 127.0.0.1/32 scram-sha-256\n', home.user);
      writePrivateFile(configuration, renderConfiguration(cluster.port, folder, data, binaries), home.user);
    },
    probe: async () => {
      const client = await connectAsSuperuser(home, service, cluster, 'postgres');
      await client.end();
    },
  };
}

export function superuserPassword(home: Home, service: ServiceName): string {
  return rememberedPassword(join(home.secrets, `postgres-${service}-superuser`));
}

export async function connectAsSuperuser(
  home: Home,
  service: ServiceName,
  cluster: ClusterSettings,
  database: string,
): Promise<pg.Client> {
  const client = new pg.Client({
    host: '127.0.0.1',
    port: cluster.port,
    user: superuser,
    password: superuserPassword(home, service),
    database,
    connectionTimeoutMillis: 5_000,
    application_name: 'capsule-supervisor',
  });
  // A client without a listener would take the process down when the server goes away.
  client.on('error', () => {});
  await client.connect();
  return client;
}

/** A data folder can only be opened by the major version that made it. */
function binariesFor(data: string): string {
  const installed = postgresFolders();
  const version = existsSync(join(data, 'PG_VERSION'))
    ? Number(readFileSync(join(data, 'PG_VERSION'), 'utf8'))
    : undefined;
  const match =
    version === undefined ? installed[0] : installed.find(({ major }) => major === version || major === 0);
  if (match) return match.path;
  throw new Error(
    version === undefined
      ? 'PostgreSQL 15 or newer is not installed.'
      : `The data in ${data} belongs to PostgreSQL ${version}, which is not installed.`,
  );
}

function renderConfiguration(port: number, folder: string, data: string, binaries: string): string {
  const libraries = ['timescaledb', 'pg_stat_statements'].filter((name) =>
    existsSync(join(dirname(binaries), 'lib', `${name}.so`)),
  );
  const hasTimescale = libraries.includes('timescaledb');
  const settings: Record<string, string | number> = {
    data_directory: data,
    hba_file: join(folder, 'pg_hba.conf'),
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: '',
    password_encryption: 'scram-sha-256',
    max_connections: maxConnections,
    // What makes a commit survive a power cut. Postgres is the truth of the platform, so none of these is for sale.
    fsync: 'on',
    full_page_writes: 'on',
    synchronous_commit: 'on',
    // Tells when each row was committed: how the benchmarks and an operator see the way from one database to another.
    track_commit_timestamp: 'on',
    // Four clusters share one small machine.
    shared_buffers: '32MB',
    work_mem: '4MB',
    maintenance_work_mem: '32MB',
    max_worker_processes: hasTimescale ? 16 : 4,
    max_parallel_workers: 2,
    autovacuum_max_workers: 2,
    max_wal_size: '512MB',
    // Compiling our short statements takes longer than running them.
    jit: 'off',
    timezone: 'UTC',
    log_timezone: 'UTC',
    log_line_prefix: '%m [%p] %u@%d ',
    shared_preload_libraries: libraries.join(),
    ...(hasTimescale && { 'timescaledb.telemetry_level': 'off' }),
    ...(libraries.includes('pg_stat_statements') && {
      // PostgreSQL's own default. A statement in a tenant's schema is another one for each tenant; when there are more
      // than this, those that came seldom are forgotten with all they have counted.
      'pg_stat_statements.max': 5_000,
      // It would keep utility statements as they were sent, and some of those carry passwords.
      'pg_stat_statements.track_utility': 'off',
    }),
  };
  const quoted = (value: string | number) => `'${String(value).replaceAll("'", "''")}'`;
  return Object.entries(settings)
    .map(([name, value]) => `${name} = ${quoted(value)}\n`)
    .join('');
}
