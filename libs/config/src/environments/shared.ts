import {
  certificateFile,
  choice,
  integer,
  optionalUrl,
  overridable,
  port,
  secret,
  text,
  url,
  type Variable,
} from '../variable.js';

export function httpVariables(prefix: string, what: string, defaultPort: number) {
  return {
    host: text(`${prefix}_HOST`, `Address ${what} listens on`, '127.0.0.1'),
    port: port(`${prefix}_PORT`, `Port ${what} listens on`, defaultPort),
    /** Readiness fails for this long before the process stops taking requests, so that balancers notice first. */
    drainDelayMs: integer('SHUTDOWN_DRAIN_DELAY_MS', 'Milliseconds between failing readiness and draining', {
      min: 0,
      max: 60_000,
      default: 200,
    }),
    graceSeconds: integer(
      'SHUTDOWN_GRACE_SECONDS',
      'Seconds a process that is told to end may take to finish what it has begun',
      { min: 1, max: 3_600, default: 15 },
    ),
  };
}

/** The same variable for every service, and one for this service that holds in its place. */
function perService<Value>(service: string, declared: Variable<Value>): Variable<Value> {
  return overridable(declared, `${service}_SERVICE_${declared.variable}`, service.toLowerCase());
}

function databaseTlsVariables(service: string) {
  return {
    mode: perService(
      service,
      choice(
        'DATABASE_SSLMODE',
        'TLS to PostgreSQL, as libpq means it: disable, require (encrypted), verify-ca (and its certificate checked), ' +
          'verify-full (and its host name checked)',
        ['disable', 'require', 'verify-ca', 'verify-full'],
        'disable',
      ),
    ),
    /** Certificates in PEM; the authorities that Node trusts without them. */
    rootCertificates: perService(
      service,
      certificateFile(
        'DATABASE_SSLROOTCERT',
        'File with the authorities that sign certificates of PostgreSQL, PEM',
      ),
    ),
  };
}

function databaseAddressVariables(service: string, defaultPort: number) {
  const lower = service.toLowerCase();
  const name = (rest: string) => `${service}_SERVICE_DB_${rest}`;
  return {
    host: text(name('HOST'), `PostgreSQL of ${lower}: host`, '127.0.0.1'),
    port: port(name('PORT'), `PostgreSQL of ${lower}: port`, defaultPort),
    name: text(name('NAME'), `PostgreSQL of ${lower}: database`, `${lower}_service_db`),
    tls: databaseTlsVariables(service),
  };
}

/** The server itself, where a pooler serves the service: migrations and backups need a session of their own. */
function databaseDirectVariables(service: string, defaultPort: number) {
  const address = databaseAddressVariables(service, defaultPort);
  const scope = 'migrations and backups';
  return {
    ...address,
    host: overridable(address.host, `${service}_SERVICE_DB_DIRECT_HOST`, scope),
    port: overridable(address.port, `${service}_SERVICE_DB_DIRECT_PORT`, scope),
  };
}

/** A database connects as the limited role; the owner's credentials are known to the migration runner alone. */
export function databaseVariables(service: string, defaultPort: number) {
  const lower = service.toLowerCase();
  const own = <Value>(declared: Variable<Value>) => perService(service, declared);
  return {
    ...databaseAddressVariables(service, defaultPort),
    user: text(`${service}_SERVICE_DB_USER`, `Limited role that ${lower} runs as`, `${lower}_user`),
    password: secret(`${service}_SERVICE_DB_PASSWORD`, `Password of the limited role`, {
      generated: 'password',
    }),
    pooler: own(
      choice(
        'DATABASE_POOLER',
        'transaction: services reach PostgreSQL through PgBouncer in transaction mode; no named statements there',
        ['none', 'transaction'],
        'none',
      ),
    ),
    poolMin: own(
      integer('DATABASE_POOL_MIN', 'Connections a pool opens at the start and keeps while idle', {
        min: 0,
        max: 100,
        default: 2,
      }),
    ),
    poolMax: own(
      integer('DATABASE_POOL_MAX', 'Connections a pool may open', { min: 1, max: 500, default: 10 }),
    ),
    poolTimeoutMs: own(
      integer('DATABASE_POOL_TIMEOUT_MS', 'Milliseconds a request waits for a connection before 503', {
        min: 10,
        max: 60_000,
        default: 2_000,
      }),
    ),
    queryTimeoutMs: own(
      integer('DATABASE_QUERY_TIMEOUT_MS', 'Milliseconds a statement may run', {
        min: 10,
        max: 600_000,
        default: 30_000,
      }),
    ),
    slowQueryThresholdMs: own(
      integer('SLOW_QUERY_THRESHOLD_MS', 'Milliseconds from which a statement is logged as slow', {
        min: 1,
        max: 600_000,
        default: 250,
      }),
    ),
  };
}

export function databaseOwnerVariables(service: string, defaultPort: number) {
  const lower = service.toLowerCase();
  const name = (rest: string) => `${service}_SERVICE_DB_OWNER_${rest}`;
  return {
    ...databaseDirectVariables(service, defaultPort),
    user: text(name('USER'), `Role that owns the database of ${lower} and migrates it`, `${lower}_owner`),
    password: secret(name('PASSWORD'), 'Password of the owning role', { generated: 'password' }),
  };
}

export function databaseBackupVariables(service: string, defaultPort: number) {
  const lower = service.toLowerCase();
  const name = (rest: string) => `${service}_SERVICE_DB_BACKUP_${rest}`;
  return {
    ...databaseDirectVariables(service, defaultPort),
    user: text(name('USER'), `Role that backs up the database of ${lower}`, `${lower}_backup`),
    password: secret(name('PASSWORD'), 'Password of the role for backups', {
      generated: 'password',
      addedLater: true,
    }),
  };
}

export const natsUrlVariable = url('NATS_URL', 'NATS server, without credentials', 'nats://127.0.0.1:7121', [
  'nats:',
  'tls:',
]);

/** The user is named as the app: by its name the server's configuration gives it the rights its contracts ask for. */
export function natsVariables(app: string) {
  return {
    url: natsUrlVariable,
    password: secret(`${app}_NATS_PASSWORD`, `Password of the NATS user ${app.toLowerCase()}`, {
      generated: 'password',
    }),
  };
}

export function redisVariables() {
  return {
    host: text('REDIS_HOST', 'Redis: host', '127.0.0.1'),
    port: port('REDIS_PORT', 'Redis: port', 7120),
    password: secret('REDIS_PASSWORD', 'Redis: password', { generated: 'password' }),
    db: integer('REDIS_DB', 'Redis: database number', { min: 0, max: 15, default: 0 }),
  };
}

export function tokenVariables() {
  return {
    issuer: text('JWT_ISSUER', 'Issuer (`iss`) of access tokens', 'capsule'),
    audience: text('JWT_AUDIENCE', 'Audience (`aud`) of access tokens', 'capsule-api'),
  };
}

export const logVariables = {
  level: choice(
    'LOG_LEVEL',
    'Least level that is logged',
    ['trace', 'debug', 'info', 'warn', 'error', 'fatal'],
    'info',
  ),
  format: choice(
    'LOG_FORMAT',
    'auto: pretty in a terminal, else JSON lines',
    ['auto', 'json', 'pretty'],
    'auto',
  ),
};

export const traceVariables = {
  otlpEndpoint: optionalUrl(
    'OTEL_EXPORTER_OTLP_ENDPOINT',
    'OTLP/HTTP collector for traces; none are made without',
    ['http:', 'https:'],
  ),
};

export const outboxVariables = {
  maxAttempts: integer(
    'EVENT_MAX_ATTEMPTS',
    'Attempts at an event before it becomes a dead letter; a time-out counts half',
    {
      min: 1,
      max: 100,
      default: 8,
    },
  ),
  inbox: choice(
    'EVENT_INBOX',
    'off: events that come twice have their effect twice (only to prove the inbox)',
    ['on', 'off'],
    'on',
  ),
};

/** Long, because whoever guesses may guess as often as they like. */
export const operationsVariables = {
  token: secret(
    'OPERATOR_TOKEN',
    'Bearer token of /metrics, /operations and the details of /health/ready, of every process',
    { generated: 'password', addedLater: true, minimumLength: 16 },
  ),
};

/** One key for all services: what it signs names its list, so no service takes a cursor of another. */
export const paginationVariables = {
  cursorKey: secret('PAGINATION_CURSOR_KEY', 'Key that signs the cursors of lists', {
    generated: 'key',
    addedLater: true,
  }),
};

export const storageVariables = {
  folder: text('STORAGE_FOLDER', 'Folder of archives and artifacts', '.capsule/storage'),
};
