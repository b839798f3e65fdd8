import type { OwnerSettings } from '@capsule/config';
import pg from 'pg';
import { explainConnectionFailure } from '../connection-failure.js';
import { tlsOptions } from '../tls.js';

/** Of the server itself: a pooler would hand the lock of the session to somebody else. */
export type OwnerConnection = OwnerSettings;

const CONNECT_TIMEOUT_MS = 10_000;

/** The server looks for a dead peer in the middle of a statement, or a killed runner's one would go on for hours. */
const SETTINGS = '-c client_connection_check_interval=1s';

/**
 * A connection of the owner for migrations. One may serve any number of schemas of a database, one after the other, which
 * is what makes a thousand of them cheap.
 */
export class MigrationSession {
  private isOver = false;

  private constructor(
    readonly client: pg.Client,
    readonly database: string,
  ) {
    // A connection that breaks fails the statement that needs it; without a listener it would end the process.
    client.on('error', () => (this.isOver = true));
    client.on('end', () => (this.isOver = true));
  }

  static async open(connection: OwnerConnection): Promise<MigrationSession> {
    const { name: database, tls, ...login } = connection;
    const client = new pg.Client({
      ...login,
      database,
      ssl: tlsOptions(tls),
      application_name: 'capsule-migrate',
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      options: SETTINGS,
    });
    const session = new MigrationSession(client, database);
    await client.connect().catch((error: unknown) => {
      throw explainConnectionFailure(error, connection);
    });
    return session;
  }

  /** The server ended it, or the network did: what comes next needs another one. */
  get isBroken(): boolean {
    return this.isOver;
  }

  async close(): Promise<void> {
    await this.client.end();
  }
}
