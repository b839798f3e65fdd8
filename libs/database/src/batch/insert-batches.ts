import type { Database } from '../database.js';
import type { Transaction } from '../transaction.js';
import {
  type BatchColumns,
  type BatchRow,
  type BatchTarget,
  insertParameters,
  insertStatement,
} from './batch-target.js';

export interface BatchCounts {
  inserted: number;
  /** Rows that were there already, by any unique rule of the table, or came twice. */
  skipped: number;
}

export interface BatchOptions {
  /** Rows of one statement and transaction. */
  batchSize?: number;
  /** Transactions at once, each on a connection of its own. */
  maxConcurrency?: number;
  /** Rows that are there already are passed over and counted, instead of failing their batch. */
  skipDuplicates?: boolean;
  /** Told after each batch what has been committed so far. */
  onProgress?: (soFar: BatchCounts) => void;
}

/** Where a larger batch no longer makes it faster, and holds its locks and memory for longer. */
const BATCH_SIZE_DEFAULT = 1_000;
const CONCURRENCY_DEFAULT = 2;

/**
 * Writes any number of a tenant's rows, a transaction for each batch. COPY is refused on tables under policies; an
 * `unnest` of arrays comes close to it. The rows may come from a generator: no more than the batches under way are held.
 *
 * Batches are independent: after a failure no further one begins, those under way are waited for, and what has
 * committed stays. With `skipDuplicates` the same call repeated goes on where the first one ended.
 * @throws what `withTenant` throws, for the first batch that failed
 */
export async function insertBatches<Columns extends BatchColumns>(
  database: Database,
  tenantId: string,
  target: BatchTarget<Columns>,
  rows: Iterable<BatchRow<Columns>>,
  options: BatchOptions = {},
): Promise<BatchCounts> {
  const { maxConcurrency = CONCURRENCY_DEFAULT, skipDuplicates = false } = options;
  const batches = batchesOf(rows, options.batchSize ?? BATCH_SIZE_DEFAULT);
  const counts: BatchCounts = { inserted: 0, skipped: 0 };
  let failed = false;
  const writeUntilNoneIsLeft = async (): Promise<void> => {
    // All workers take from the one iterator, so each batch is taken once.
    for (let next = batches.next(); !failed && !next.done; next = batches.next()) {
      const batch = next.value;
      const inserted = await database.withTenant(tenantId, (tx) =>
        insertBatch(tx, target, batch, { skipDuplicates }),
      );
      counts.inserted += inserted;
      counts.skipped += batch.length - inserted;
      options.onProgress?.({ ...counts });
    }
  };
  const workers = Array.from({ length: maxConcurrency }, () =>
    writeUntilNoneIsLeft().catch((error: unknown) => {
      failed = true;
      throw error;
    }),
  );
  const outcomes = await Promise.allSettled(workers);
  const failure = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failure) throw failure.reason;
  return counts;
}

/** One batch, inside a transaction that may write other things too. @returns the number of rows inserted */
export function insertBatch<Columns extends BatchColumns>(
  tx: Transaction,
  target: BatchTarget<Columns>,
  rows: readonly BatchRow<Columns>[],
  { skipDuplicates = false }: Pick<BatchOptions, 'skipDuplicates'> = {},
): Promise<number> {
  return tx.execute(insertStatement(target, skipDuplicates), insertParameters(target, tx.tenantId, rows));
}

function* batchesOf<Row>(rows: Iterable<Row>, size: number): Generator<Row[], undefined> {
  let batch: Row[] = [];
  for (const row of rows) {
    batch.push(row);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
