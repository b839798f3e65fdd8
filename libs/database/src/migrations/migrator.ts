// The migrations of one schema of one database, worked on as its owner: what is recorded in flyway_schema_history as
// Flyway records it, in the order and by the rules of Flyway. apply-file.ts says what a crash does, migration-lock.ts how
// runners keep out of each other's way.
import { applyFile, type ApplyOptions } from './apply-file.js';
import { setBaseline } from './baseline.js';
import { renderDryRun } from './dry-run.js';
import { findInvalidIndexes } from './invalid-indexes.js';
import { MigrationError } from './migration-error.js';
import { type MigrationFile, type MigrationFolder, readMigrationFolder } from './migration-files.js';
import { withSchemaLock } from './migration-lock.js';
import { MigrationSession, type OwnerConnection } from './migration-session.js';
import {
  compareWithHistory,
  type Migration,
  type MigrationInfo,
  pendingOf,
  toInfo,
} from './migration-state.js';
import type { Placeholders } from './placeholders.js';
import { type Repair, repairHistory } from './repair.js';
import { type AppliedMigration, SchemaHistory } from './schema-history.js';
import { faultsOf, requireSound } from './soundness.js';
import { undoOfNewest } from './undo.js';

export interface MigratorOptions {
  /** The schema that is migrated and holds its own history. It must exist. */
  schema?: string;
  /** Values of `${name}` in the files. */
  placeholders?: Placeholders;
  /** How long to poll for another runner to finish. */
  lockWaitMs?: number;
  /** How long a statement may stand in the queue for a table before it lets the others through. */
  lockTimeoutMs?: number;
  /** How long to come again for a table that somebody holds. */
  tableWaitMs?: number;
}

const LOCK_WAIT_MS = 120_000;
const LOCK_TIMEOUT_MS = 2_000;
const TABLE_WAIT_MS = 60_000;

export class Migrator {
  private readonly options: ApplyOptions & { placeholders: Placeholders; lockWaitMs: number };

  /** @param owner a session is used and left open: it can serve many schemas, one after the other */
  constructor(
    private readonly owner: OwnerConnection | MigrationSession,
    private readonly folder: string,
    options: MigratorOptions = {},
  ) {
    this.options = {
      schema: options.schema ?? 'public',
      placeholders: options.placeholders ?? {},
      lockWaitMs: options.lockWaitMs ?? LOCK_WAIT_MS,
      lockTimeoutMs: options.lockTimeoutMs ?? LOCK_TIMEOUT_MS,
      tableWaitMs: options.tableWaitMs ?? TABLE_WAIT_MS,
    };
  }

  /**
   * Applies what is pending.
   * @returns what this run applied
   * @throws MigrationError when history and files don't belong together, or when another runner takes too long
   */
  async migrate(): Promise<MigrationFile[]> {
    const folder = await this.readFolder();
    return this.locked(async (session, history) => {
      const migrations = compareWithHistory(folder, await this.openHistory(session, history));
      requireSound(migrations);
      await adoptDigests(history, migrations);
      const pending = pendingOf(migrations);
      for (const file of pending) await applyFile(session.client, history, file, this.options);
      return pending;
    });
  }

  /** The state of each migration; changes nothing. */
  async info(): Promise<MigrationInfo[]> {
    return (await this.compare()).map(toInfo);
  }

  /** What is wrong with the history, what is not applied, and what was left behind: a line for each. Changes nothing. */
  async validate(): Promise<string[]> {
    const folder = await this.readFolder();
    return this.connected(async (session, history) => {
      const migrations = compareWithHistory(folder, await readIfThere(history));
      const pending = pendingOf(migrations).map((file) => `${file.script} is not applied.`);
      const invalid = await findInvalidIndexes(session.client, this.options.schema);
      return [...faultsOf(migrations), ...pending, ...invalid];
    });
  }

  /** The SQL that a run would execute. */
  async dryRun(): Promise<string> {
    const folder = await this.readFolder();
    return this.connected(async (session, history) => {
      const found = await history.find();
      if (!found.history) await this.requireEmpty(session);
      const migrations = compareWithHistory(folder, await readIfThere(history));
      requireSound(migrations);
      return renderDryRun(history, found, pendingOf(migrations), this.options);
    });
  }

  /** @returns false when that is the baseline already */
  async baseline(version: string): Promise<boolean> {
    return this.locked(async (session, history) => {
      const { history: isThere } = await history.find();
      const rows = isThere ? await this.openHistory(session, history) : [];
      if (!isThere) await session.client.query(history.creation() + history.digestsCreation());
      return setBaseline(history, rows, version);
    });
  }

  /** Brings the history in line with the files and lets go of what failed; see Repair. */
  async repair(): Promise<Repair> {
    const folder = await this.readFolder();
    return this.locked(async (session, history) => {
      const migrations = compareWithHistory(folder, await this.openHistory(session, history));
      return repairHistory(session, history, this.options.schema, migrations);
    });
  }

  /** Takes back the newest version by its U file. @returns that file */
  async undo(): Promise<MigrationFile> {
    const folder = await this.readFolder();
    return this.locked(async (session, history) => {
      const migrations = compareWithHistory(folder, await this.openHistory(session, history));
      requireSound(migrations);
      const file = undoOfNewest(folder, migrations);
      await applyFile(session.client, history, file, this.options);
      return file;
    });
  }

  private readFolder(): Promise<MigrationFolder> {
    return readMigrationFolder(this.folder, this.options.placeholders);
  }

  private async compare(): Promise<Migration[]> {
    const folder = await this.readFolder();
    return this.connected(async (_, history) => compareWithHistory(folder, await readIfThere(history)));
  }

  private locked<T>(work: (session: MigrationSession, history: SchemaHistory) => Promise<T>): Promise<T> {
    const { schema, lockWaitMs } = this.options;
    return this.connected((session, history) =>
      withSchemaLock(session, schema, lockWaitMs, () => work(session, history)),
    );
  }

  private async connected<T>(
    work: (session: MigrationSession, history: SchemaHistory) => Promise<T>,
  ): Promise<T> {
    const isOurs = !(this.owner instanceof MigrationSession);
    const session =
      this.owner instanceof MigrationSession ? this.owner : await MigrationSession.open(this.owner);
    try {
      return await work(session, new SchemaHistory(session.client, this.options.schema));
    } finally {
      if (isOurs) await session.close();
    }
  }

  /** Reads the history, and makes the tables that are not there yet. */
  private async openHistory(session: MigrationSession, history: SchemaHistory): Promise<AppliedMigration[]> {
    const found = await history.find();
    if (!found.history) await this.requireEmpty(session);
    const creation = [
      found.history ? '' : history.creation(),
      found.digests ? '' : history.digestsCreation(),
    ];
    if (!found.history || !found.digests) await session.client.query(creation.join('\n'));
    return history.read({ withDigests: true });
  }

  /** As Flyway: what was made otherwise is not migrated as if there were nothing. */
  private async requireEmpty({ client }: MigrationSession): Promise<void> {
    const { rows } = await client.query<{ name: string }>(
      `SELECT c.relname AS name FROM pg_class c
       WHERE c.relnamespace = to_regnamespace(quote_ident($1)) AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
         AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
       ORDER BY 1 LIMIT 1`,
      [this.options.schema],
    );
    if (rows[0]) {
      throw new MigrationError(
        `The schema ${this.options.schema} has no history but is not empty (${rows[0].name}): set a baseline first.`,
      );
    }
  }
}

async function readIfThere(history: SchemaHistory): Promise<AppliedMigration[]> {
  const found = await history.find();
  return found.history ? history.read({ withDigests: found.digests }) : [];
}

/** What Flyway applied, or a runner before there were digests, has its checksum alone: from now on it has both. */
async function adoptDigests(history: SchemaHistory, migrations: readonly Migration[]): Promise<void> {
  for (const { row, file, state } of migrations) {
    const isApplied = state === 'Success' || state === 'Out of Order';
    if (row?.digest === null && file && isApplied) await history.keepDigest(row.rank, file);
  }
}
