import type { DataSource, QueryRunner } from 'typeorm';
import type { SessionClient } from './session-client.js';

/**
 * A query runner of TypeORM on a transaction that is open already. It believes to have begun it: without that, `save()`
 * would commit on its own and lose the context, and with it a nested transaction becomes a savepoint. The names are
 * those of TypeORM's PostgresQueryRunner; database.spec.ts fails when an upgrade changes them.
 */
export function joinTransaction(dataSource: DataSource, client: SessionClient): QueryRunner {
  const begun = { databaseConnection: client, isTransactionActive: true, transactionDepth: 1 };
  return Object.assign(dataSource.createQueryRunner(), begun);
}
