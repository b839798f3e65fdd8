import { mkdtemp, readdir, rm, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestDatabase, type TestDatabase } from '@capsule/testing';
import { Migrator, type MigratorOptions } from './migrator.js';

/** An empty database and an empty folder of migrations. */
export class MigrationScratch {
  private constructor(
    readonly database: TestDatabase,
    readonly folder: string,
  ) {}

  static async make(): Promise<MigrationScratch> {
    const database = await createTestDatabase('auth', { isMigrated: false });
    return new MigrationScratch(database, await mkdtemp(join(tmpdir(), 'migrations-')));
  }

  write(name: string, text: string): Promise<void> {
    return writeFile(join(this.folder, name), text);
  }

  remove(name: string): Promise<void> {
    return unlink(join(this.folder, name));
  }

  migrator(options?: MigratorOptions): Migrator {
    return new Migrator(this.database.owner, this.folder, options);
  }

  /** @returns the scripts that were applied */
  async migrate(options?: MigratorOptions): Promise<string[]> {
    return (await this.migrator(options).migrate()).map((file) => file.script);
  }

  /** @returns version, script and state of each migration */
  async states(): Promise<string[]> {
    return (await this.migrator().info()).map(({ script, state }) => `${script} ${state}`);
  }

  rows(sql: string): Promise<Record<string, unknown>[]> {
    return this.database.asSuperuser(
      async (client) => (await client.query(sql)).rows as Record<string, unknown>[],
    );
  }

  /** Asks until there is a row. @returns the first one */
  async until(sql: string): Promise<Record<string, unknown>> {
    for (;;) {
      const [row] = await this.rows(sql);
      if (row) return row;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  /** Empties both, which is quicker than making others. */
  async reset(): Promise<void> {
    for (const name of await readdir(this.folder)) await this.remove(name);
    await this.database.asSuperuser((client) =>
      client.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public AUTHORIZATION pg_database_owner'),
    );
  }

  async close(): Promise<void> {
    await this.database.close();
    await rm(this.folder, { recursive: true });
  }
}
