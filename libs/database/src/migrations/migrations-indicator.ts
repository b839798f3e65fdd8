import { Injectable } from '@nestjs/common';
import { Database } from '../database.js';
import { migrationsFolder, readMigrationFiles } from './migration-files.js';
import { compareWithHistory, type MigrationInfo } from './migration-state.js';
import { readHistory } from './schema-history.js';

/** Tells readiness whether the schema has all that this release was built for; it may have more, of a newer one. */
@Injectable()
export class MigrationsIndicator {
  readonly name = 'migrations';
  private isCurrent = false;

  constructor(private readonly database: Database) {}

  async check(): Promise<{ up: boolean; detail?: string }> {
    // A schema doesn't go back under a running service, so one good answer is enough.
    if (this.isCurrent) return { up: true };
    const wanting = (await this.compare()).filter(({ state }) => state !== 'success' && state !== 'missing');
    this.isCurrent = wanting.length === 0;
    if (this.isCurrent) return { up: true };
    return { up: false, detail: `not applied: ${wanting.map((info) => info.script).join(', ')}` };
  }

  private compare(): Promise<MigrationInfo[]> {
    return this.database.withoutTenant(async (tx) => {
      const [configuration] = await tx.query<{ service: string }>(
        'SELECT service FROM service_configuration',
      );
      if (configuration === undefined) throw new Error('The database has no service_configuration.');
      const history = await readHistory({ query: async (text) => ({ rows: await tx.query(text) }) });
      return compareWithHistory(await readMigrationFiles(migrationsFolder(configuration.service)), history);
    });
  }
}
