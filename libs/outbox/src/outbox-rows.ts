import { Injectable } from '@nestjs/common';
import { Database, type Transaction } from '@capsule/database';

const INSERT = {
  name: 'outbox-insert',
  text: 'INSERT INTO outbox (id, tenant_id, stream, type, envelope) VALUES ($1, $2, $3, $4, $5)',
};
const CLAIM = {
  name: 'outbox-claim',
  text: 'SELECT id, type, envelope::text AS envelope, created_at AS "createdAt" FROM outbox_claim($1, $2)',
};
const MARK_PUBLISHED = {
  name: 'outbox-mark-published',
  text: 'SELECT outbox_mark_published($1, $2::timestamptz, $3::uuid[], $4::bigint[]) AS marked',
};
const MARK_FAILED = { name: 'outbox-mark-failed', text: 'SELECT outbox_mark_failed($1::uuid[], $2)' };
const REPUBLISH_LOST = 'SELECT outbox_republish_lost($1, $2::timestamptz, $3, $4) AS lost';
const DEPTH = 'SELECT unpublished, oldest_age_seconds AS "oldestAgeSeconds" FROM outbox_depth()';

/** Far below the time a statement may take. */
const PORTION_ROWS = 5_000;

export interface NewOutboxRow {
  id: string;
  stream: string;
  type: string;
  /** The CloudEvent as JSON. */
  envelope: string;
}

export interface ClaimedRow {
  id: string;
  type: string;
  envelope: string;
  createdAt: Date;
}

/** The outbox table and the functions of its migration, which document their parameters and locks. */
@Injectable()
export class OutboxRows {
  constructor(private readonly database: Database) {}

  async insert(tx: Transaction, row: NewOutboxRow): Promise<void> {
    await tx.query(INSERT, [row.id, tx.tenantId, row.stream, row.type, row.envelope]);
  }

  /** Locks due rows until the transaction ends, skipping those another relay holds. */
  claim(tx: Transaction, stream: string, rowsMax: number): Promise<ClaimedRow[]> {
    return tx.query<ClaimedRow>(CLAIM, [stream, rowsMax]);
  }

  /**
   * Marks those of the rows that nobody else holds: a relay that does publishes and marks them.
   * @returns false when the stream is not, or no longer, the one that is known; the rows then stay unpublished
   */
  async markPublished(
    tx: Transaction,
    stream: { name: string; created: string },
    ids: string[],
    sequences: number[],
  ): Promise<boolean> {
    const [row] = await tx.query<{ marked: number }>(MARK_PUBLISHED, [
      stream.name,
      stream.created,
      ids,
      sequences,
    ]);
    return row !== undefined && row.marked >= 0;
  }

  async markFailed(tx: Transaction, ids: string[], reason: string): Promise<void> {
    await tx.query(MARK_FAILED, [ids, reason]);
  }

  /**
   * Makes rows the stream turned out to have lost unpublished, in a transaction of its own. To be called until it
   * returns 0, before which nothing can be marked published.
   * @returns how many, at most PORTION_ROWS
   */
  async republishLost(stream: { name: string; created: string; lastSequence: number }): Promise<number> {
    const parameters = [stream.name, stream.created, stream.lastSequence, PORTION_ROWS];
    const [row] = await this.database.withoutTenant((tx) =>
      tx.query<{ lost: number }>(REPUBLISH_LOST, parameters),
    );
    return row?.lost ?? 0;
  }

  async depth(): Promise<{ unpublished: number; oldestAgeSeconds: number }> {
    const [row] = await this.database.withoutTenant((tx) =>
      tx.query<{ unpublished: string; oldestAgeSeconds: number }>(DEPTH),
    );
    return { unpublished: Number(row?.unpublished ?? 0), oldestAgeSeconds: row?.oldestAgeSeconds ?? 0 };
  }
}
