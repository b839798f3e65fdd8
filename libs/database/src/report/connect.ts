import type { DatabaseTlsSettings } from '@capsule/config';
import pg from 'pg';
import { explainConnectionFailure } from '../connection-failure.js';
import { tlsOptions } from '../tls.js';

export interface ReadingLogin {
  host: string;
  port: number;
  name: string;
  user: string;
  password: string;
  tls: DatabaseTlsSettings;
}

const CONNECT_TIMEOUT_MS = 10_000;
/** Reading catalogues must neither take long nor wait for a lock: nobody is to feel it. */
const SETTINGS =
  '-c default_transaction_read_only=on -c statement_timeout=30s -c lock_timeout=2s -c application_name=capsule-report';

/**
 * A connection that can change nothing, whatever its role may.
 * @throws an Error that says which database could not be reached, and why
 */
export async function connectToRead(login: ReadingLogin): Promise<pg.Client> {
  const { host, port, name: database, user, password, tls } = login;
  const client = new pg.Client({
    host,
    port,
    database,
    user,
    password,
    ssl: tlsOptions(tls),
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    options: SETTINGS,
  });
  // A connection that breaks fails the statement that needs it; without a listener it would end the process.
  client.on('error', () => {});
  await client.connect().catch((error: unknown) => {
    throw explainConnectionFailure(error, login);
  });
  return client;
}
