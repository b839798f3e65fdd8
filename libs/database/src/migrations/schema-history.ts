import pg from 'pg';
import type { MigrationFile } from './migration-files.js';
import { parseVersion, type Version } from './version.js';

/** Flyway's names for what a row stands for. */
export type MigrationType = 'SQL' | 'UNDO_SQL' | 'BASELINE' | 'SCHEMA' | 'DELETE';

/** A row of flyway_schema_history. */
export interface AppliedMigration {
  rank: number;
  versionText: string | null;
  version: Version | null;
  description: string;
  type: MigrationType;
  script: string;
  checksum: number | null;
  /** Ours, from the table beside Flyway's; null for what Flyway applied itself, and to who may not read that table. */
  digest: string | null;
  installedBy: string;
  installedOn: Date;
  executionTimeMs: number;
  success: boolean;
}

/** A row to be written. */
export interface HistoryEntry {
  versionText: string | null;
  description: string;
  type: MigrationType;
  script: string;
  checksum: number | null;
  digest: string | null;
  executionTimeMs: number;
  success: boolean;
}

export interface Queryable {
  query(text: string, values?: unknown[]): Promise<{ rows: Record<string, unknown>[] }>;
}

/** The history of one schema: Flyway's table, and ours with the digests, which the runner makes as Flyway makes its own. */
export class SchemaHistory {
  private readonly table: string;
  private readonly digests: string;

  constructor(
    private readonly client: Queryable,
    schema = 'public',
  ) {
    this.table = `${pg.escapeIdentifier(schema)}.flyway_schema_history`;
    this.digests = `${pg.escapeIdentifier(schema)}.migration_digests`;
  }

  /** @returns which of the two tables there are */
  async find(): Promise<{ history: boolean; digests: boolean }> {
    const { rows } = await this.client.query(
      'SELECT to_regclass($1) IS NOT NULL AS history, to_regclass($2) IS NOT NULL AS digests',
      [this.table, this.digests],
    );
    return { history: rows[0]?.['history'] === true, digests: rows[0]?.['digests'] === true };
  }

  /** As Flyway 7 to 11 make it on PostgreSQL, so that either tool carries on where the other stopped. */
  creation(): string {
    return `
CREATE TABLE ${this.table} (
    installed_rank integer NOT NULL,
    version varchar(50),
    description varchar(200) NOT NULL,
    type varchar(20) NOT NULL,
    script varchar(1000) NOT NULL,
    checksum integer,
    installed_by varchar(100) NOT NULL,
    installed_on timestamp NOT NULL DEFAULT now(),
    execution_time integer NOT NULL,
    success boolean NOT NULL,
    CONSTRAINT flyway_schema_history_pk PRIMARY KEY (installed_rank)
);
CREATE INDEX flyway_schema_history_s_idx ON ${this.table} (success);`;
  }

  /** Rows follow those of the history out of the table, so that a repair by Flyway leaves nothing false behind. */
  digestsCreation(): string {
    return `
CREATE TABLE ${this.digests} (
    installed_rank integer NOT NULL,
    sha256 text NOT NULL,
    CONSTRAINT pk_migration_digests PRIMARY KEY (installed_rank),
    CONSTRAINT fk_migration_digests__history FOREIGN KEY (installed_rank)
        REFERENCES ${this.table} (installed_rank) ON DELETE CASCADE,
    CONSTRAINT ck_migration_digests__sha256 CHECK (sha256 ~ '^[0-9a-f]{64}$')
);
REVOKE ALL ON ${this.digests} FROM PUBLIC;`;
  }

  /** @param options.withDigests false for the role of a service, which may not read them */
  async read({ withDigests }: { withDigests: boolean }): Promise<AppliedMigration[]> {
    const digest = withDigests ? 'sha256' : 'NULL AS sha256';
    const join = withDigests ? `LEFT JOIN ${this.digests} USING (installed_rank)` : '';
    const { rows } = await this.client.query(
      `SELECT installed_rank, version, description, type, script, checksum, ${digest}, installed_by,
              installed_on AT TIME ZONE current_setting('TimeZone') AS installed_on, execution_time, success
       FROM ${this.table} ${join} ORDER BY installed_rank`,
    );
    return rows.map(toAppliedMigration);
  }

  /** One statement, as text, since a dry run prints the same that a run executes. */
  insertion(entry: HistoryEntry): string {
    const values = [
      literal(entry.versionText),
      literal(entry.description),
      literal(entry.type),
      literal(entry.script),
      entry.checksum ?? 'NULL',
      'current_user',
      Math.round(entry.executionTimeMs),
      entry.success,
    ].join(', ');
    const insertion = `INSERT INTO ${this.table}
    (installed_rank, version, description, type, script, checksum, installed_by, execution_time, success)
SELECT coalesce(max(installed_rank), 0) + 1, ${values} FROM ${this.table}`;
    if (entry.digest === null) return `${insertion};`;
    return `WITH entry AS (${insertion} RETURNING installed_rank)
INSERT INTO ${this.digests} (installed_rank, sha256) SELECT installed_rank, ${literal(entry.digest)} FROM entry;`;
  }

  async insert(entry: HistoryEntry): Promise<void> {
    await this.client.query(this.insertion(entry));
  }

  /** The removal of the rows of files that failed; of one file alone when it is named. */
  failuresRemoval(script?: string): string {
    return `DELETE FROM ${this.table} WHERE NOT success${script === undefined ? '' : ` AND script = ${literal(script)}`};`;
  }

  async removeFailures(): Promise<void> {
    await this.client.query(this.failuresRemoval());
  }

  /** Makes a row say what the file of today is. */
  async align(rank: number, file: MigrationFile): Promise<void> {
    await this.client.query(
      `UPDATE ${this.table} SET description = $2, script = $3, checksum = $4 WHERE installed_rank = $1`,
      [rank, file.description, file.script, file.checksum],
    );
    await this.client.query(`DELETE FROM ${this.digests} WHERE installed_rank = $1`, [rank]);
    await this.keepDigest(rank, file);
  }

  async keepDigest(rank: number, file: MigrationFile): Promise<void> {
    await this.client.query(`INSERT INTO ${this.digests} (installed_rank, sha256) VALUES ($1, $2)`, [
      rank,
      file.digest,
    ]);
  }
}

function literal(text: string | null): string {
  return text === null ? 'NULL' : pg.escapeLiteral(text);
}

function toAppliedMigration(row: Record<string, unknown>): AppliedMigration {
  return {
    rank: Number(row['installed_rank']),
    versionText: row['version'] as string | null,
    version: row['version'] === null ? null : parseVersion(String(row['version'])),
    description: String(row['description']),
    type: row['type'] as MigrationType,
    script: String(row['script']),
    checksum: row['checksum'] as number | null,
    digest: row['sha256'] as string | null,
    installedBy: String(row['installed_by']),
    installedOn: row['installed_on'] as Date,
    executionTimeMs: Number(row['execution_time']),
    success: row['success'] === true,
  };
}
