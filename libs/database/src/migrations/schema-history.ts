import type { MigrationFile } from './migration-files.js';
import { parseVersion, type Version } from './version.js';

/** A row of flyway_schema_history. */
export interface AppliedMigration {
  rank: number;
  versionText: string | null;
  version: Version | null;
  description: string;
  type: string;
  script: string;
  checksum: number | null;
  installedBy: string;
  installedOn: Date;
  executionTimeMs: number;
  success: boolean;
}

interface Queryable {
  query(text: string, values?: unknown[]): Promise<{ rows: Record<string, unknown>[] }>;
}

// The table that Flyway 7 to 11 make on PostgreSQL, so that either tool carries on where the other stopped.
const CREATE = `
  CREATE TABLE flyway_schema_history (
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
  CREATE INDEX flyway_schema_history_s_idx ON flyway_schema_history (success);`;

export async function historyExists(client: Queryable): Promise<boolean> {
  const { rows } = await client.query("SELECT to_regclass('public.flyway_schema_history') AS found");
  return rows[0]?.['found'] !== null;
}

export async function createHistory(client: Queryable): Promise<void> {
  await client.query(CREATE);
}

export async function readHistory(client: Queryable): Promise<AppliedMigration[]> {
  const { rows } = await client.query(
    `SELECT installed_rank, version, description, type, script, checksum, installed_by,
            installed_on AT TIME ZONE current_setting('TimeZone') AS installed_on, execution_time, success
     FROM flyway_schema_history ORDER BY installed_rank`,
  );
  return rows.map((row) => ({
    rank: Number(row['installed_rank']),
    versionText: row['version'] as string | null,
    version: row['version'] === null ? null : parseVersion(String(row['version'])),
    description: String(row['description']),
    type: String(row['type']),
    script: String(row['script']),
    checksum: row['checksum'] as number | null,
    installedBy: String(row['installed_by']),
    installedOn: row['installed_on'] as Date,
    executionTimeMs: Number(row['execution_time']),
    success: row['success'] === true,
  }));
}

export async function recordSuccess(
  client: Queryable,
  file: MigrationFile,
  executionTimeMs: number,
): Promise<void> {
  await client.query(
    `INSERT INTO flyway_schema_history
       (installed_rank, version, description, type, script, checksum, installed_by, execution_time, success)
     SELECT coalesce(max(installed_rank), 0) + 1, $1, $2, 'SQL', $3, $4, current_user, $5, true
     FROM flyway_schema_history`,
    [file.versionText, file.description, file.script, file.checksum, Math.round(executionTimeMs)],
  );
}
