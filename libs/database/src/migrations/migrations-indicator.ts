import { Injectable } from '@nestjs/common';
import { Database } from '../database.js';
import { migrationsFolder, readMigrationFolder } from './migration-files.js';
import { compareWithHistory, type MigrationInfo, type MigrationState, toInfo } from './migration-state.js';
import { SchemaHistory } from './schema-history.js';

const WANTING: readonly MigrationState[] = ['Pending', 'Ignored', 'Failed'];

/** Tells readiness whether the schema has all that this release was built for; it may have more, of a newer one. */
@Injectable()
export class MigrationsIndicator {
  readonly name = 'migrations';
  private isCurrent = false;

  constructor(private readonly database: Database) {}

  async check(): Promise<{ up: boolean; detail?: string }> {
    // A schema doesn't go back under a running service, so one good answer is enough.
    if (this.isCurrent) return { up: true };
    const wanting = (await this.compare()).filter(({ state }) => WANTING.includes(state));
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
      const history = new SchemaHistory({ query: async (text) => ({ rows: await tx.query(text) }) });
      const folder = await readMigrationFolder(migrationsFolder(configuration.service));
      return compareWithHistory(folder, await history.read({ withDigests: false })).map(toInfo);
    });
  }
}
