import { type BloatFigures, readBloat } from './bloat.js';
import { type CacheFigures, readCache } from './cache.js';
import { type ConnectionFigures, readConnections } from './connections.js';
import { type DiskFigures, readDisk } from './disk.js';
import { type MigrationFigures, readMigrations } from './migrations.js';
import { type MissingIndexFigures, readMissingIndexes } from './missing-indexes.js';
import { type PartitionFigures, readPartitions } from './partitions.js';
import type { Ask, Section } from './section.js';
import { readStatements, type StatementFigures } from './statements.js';
import { readTenants, type TenantFigures } from './tenants.js';
import { readTransactions, type TransactionFigures } from './transactions.js';
import { readUnusedIndexes, type UnusedIndexFigures } from './unused-indexes.js';

export interface DatabaseReport {
  database: string;
  /** The role that read it: some of what others do may be hidden from it, and then says so. */
  readAs: string;
  serverVersion: string;
  /** ISO instant. */
  takenAt: string;
  sections: {
    connections: Section<ConnectionFigures>;
    cache: Section<CacheFigures>;
    statements: Section<StatementFigures[] | null>;
    unusedIndexes: Section<UnusedIndexFigures[]>;
    missingIndexes: Section<MissingIndexFigures[]>;
    bloat: Section<BloatFigures[]>;
    transactions: Section<TransactionFigures>;
    partitions: Section<PartitionFigures[]>;
    disk: Section<DiskFigures>;
    migrations: Section<MigrationFigures>;
    tenants: Section<TenantFigures | null>;
  };
}

/**
 * What an operator wants to know of one service's database, and what to do about it. It reads catalogues and counters,
 * and counts the registry of tenants: never a row that a tenant owns, never the parameters of a statement.
 * @param service whose migrations the database should have
 */
export async function readDatabaseReport(ask: Ask, service: string): Promise<DatabaseReport> {
  const [server] = await ask<{ database: string; readAs: string; serverVersion: string; takenAt: Date }>(
    `SELECT current_database() AS database, current_user AS "readAs",
            current_setting('server_version') AS "serverVersion", clock_timestamp() AS "takenAt"`,
  );
  if (server === undefined) throw new Error('The server told nothing about itself.');
  return {
    ...server,
    takenAt: server.takenAt.toISOString(),
    sections: {
      connections: await readConnections(ask),
      cache: await readCache(ask),
      statements: await readStatements(ask),
      unusedIndexes: await readUnusedIndexes(ask),
      missingIndexes: await readMissingIndexes(ask),
      bloat: await readBloat(ask),
      transactions: await readTransactions(ask),
      partitions: await readPartitions(ask),
      disk: await readDisk(ask),
      migrations: await readMigrations(ask, service),
      tenants: await readTenants(ask, service),
    },
  };
}
