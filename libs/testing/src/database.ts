import type { DatabaseSettings } from '@capsule/config';
import { backupEnvironments, loadEnvironment, migrationEnvironments } from '@capsule/config';
import type { OwnerConnection } from '@capsule/database';
import pg from 'pg';
import { databaseTemplate } from './database-template.js';
import { connectAsSuperuser, type Service } from './database-superuser.js';

let made = 0;

/** A migrated database of one service that nobody else uses, so spec files may run side by side. */
export class TestDatabase {
  constructor(
    readonly service: Service,
    /** As the service connects: the limited role. */
    readonly settings: DatabaseSettings,
    /** As migrations connect. */
    readonly owner: OwnerConnection,
    /** As backups connect. */
    readonly backup: OwnerConnection,
  ) {}

  /** The environment variables that lead an app to this database. */
  get environment(): Record<string, string> {
    return { [`${this.service.toUpperCase()}_SERVICE_DB_NAME`]: this.settings.name };
  }

  /** Runs statements as somebody whom neither policies nor grants bind: to arrange, and to look from outside. */
  async asSuperuser<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
    const client = await connectAsSuperuser(this.service, this.settings.name);
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  }

  /** For what takes several steps on one connection. The caller ends it. */
  connectAsSuperuser(): Promise<pg.Client> {
    return connectAsSuperuser(this.service, this.settings.name);
  }

  /** Drops the database, also from under connections that were left open. */
  async close(): Promise<void> {
    const client = await connectAsSuperuser(this.service);
    try {
      await client.query(`DROP DATABASE IF EXISTS ${pg.escapeIdentifier(this.settings.name)} WITH (FORCE)`);
    } finally {
      await client.end();
    }
  }
}

/**
 * Clones the service's migrated template on the servers of the test run.
 * @param options.isMigrated false for a database that is as the supervisor leaves it before the first migration
 */
export async function createTestDatabase(
  service: Service,
  { isMigrated = true }: { isMigrated?: boolean } = {},
): Promise<TestDatabase> {
  const { database, owner } = loadEnvironment(migrationEnvironments[service], process.env);
  const { backup } = loadEnvironment(backupEnvironments[service], process.env);
  made += 1;
  const name = `test_${service}_${process.pid}_${made}`;
  const template = isMigrated ? await databaseTemplate(service) : 'template1';
  const client = await connectAsSuperuser(service);
  try {
    await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    await client.query(
      `CREATE DATABASE ${name} TEMPLATE ${template} OWNER ${pg.escapeIdentifier(owner.user)}`,
    );
    // A clone doesn't inherit what was granted on its template as a whole.
    await client.query(`REVOKE ALL ON DATABASE ${name} FROM PUBLIC`);
    const guests = [database.user, backup.user].map(pg.escapeIdentifier).join();
    await client.query(`GRANT CONNECT ON DATABASE ${name} TO ${guests}`);
  } finally {
    await client.end();
  }
  return new TestDatabase(service, { ...database, name }, { ...owner, name }, { ...backup, name });
}
