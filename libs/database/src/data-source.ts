import type { DatabaseSettings } from '@capsule/config';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { preparedOpening, unpreparedOpening } from './opening.js';
import { observeStatements } from './statement-metrics.js';
import { SessionClient, type SessionClientConfig } from './session-client.js';
import { tlsOptions } from './tls.js';

const LOCK_TIMEOUT_MS = 10_000;
/** Above the longest that an open transaction waits for something else: the relay for acknowledgements of NATS. */
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 60_000;
const IDLE_CONNECTION_TIMEOUT_MS = 30_000;

export type Entities = NonNullable<DataSourceOptions['entities']>;

/**
 * TypeORM on a pool of SessionClients. Never touches the schema.
 *
 * Time-outs are settings of the session. A pooler in transaction mode refuses them at the start, because the session
 * is nobody's own there: each transaction then sets them for itself.
 */
export function createDataSource(
  settings: DatabaseSettings,
  applicationName: string,
  entities: Entities,
): DataSource {
  const timeouts = {
    statement_timeout: settings.queryTimeoutMs,
    lock_timeout: Math.min(LOCK_TIMEOUT_MS, settings.queryTimeoutMs),
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_TIMEOUT_MS,
  };
  const isPooled = settings.pooler === 'transaction';
  const clientConfig: Omit<SessionClientConfig, keyof { user: string }> = {
    ...(isPooled ? {} : timeouts),
    opening: isPooled ? unpreparedOpening(timeouts) : preparedOpening,
    ssl: tlsOptions(settings.tls),
    keepAlive: true,
    onStatement: observeStatements(settings.slowQueryThresholdMs),
  };
  return new DataSource({
    type: 'postgres',
    host: settings.host,
    port: settings.port,
    database: settings.name,
    username: settings.user,
    password: settings.password,
    applicationName,
    entities,
    synchronize: false,
    migrationsRun: false,
    // The limited role may not create extensions, and TypeORM would try at each start.
    installExtensions: false,
    uuidExtension: 'uuid-ossp',
    logging: false,
    poolSize: settings.poolMax,
    connectTimeoutMS: settings.poolTimeoutMs,
    extra: {
      ...clientConfig,
      Client: SessionClient,
      min: settings.poolMin,
      idleTimeoutMillis: IDLE_CONNECTION_TIMEOUT_MS,
    },
  });
}
