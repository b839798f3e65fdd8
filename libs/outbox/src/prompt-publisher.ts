/**
 * Publishes what this process has just committed, at once and without reading it back from the outbox.
 *
 *   committed -> published -> kept for a moment -> marked together with others
 *
 * Only a short cut before the relay's loop: what is not marked in the end, for whatever reason, is an unpublished row
 * and the loop's to publish.
 *
 * Invariants
 *  - Rows are published without their lock, so a loop that looks in between publishes them too: under the same id,
 *    which the stream drops within its duplicate window and the consumers' inboxes for ever.
 *  - Rows are marked against the stream that was known when they were published. If it is not the stream any more, the
 *    database refuses the mark.
 *  - One mark at a time is under way, so that marks that have to wait take one connection and not all there are.
 *
 * A crash loses what is kept, which leaves rows that are published again.
 */
import { Logger } from '@nestjs/common';
import { Database } from '@capsule/database';
import type { EventPublisher } from '@capsule/messaging';
import { observePublishLag } from './event-metrics.js';
import type { NewOutboxRow, OutboxRows } from './outbox-rows.js';
import { WakeUp } from './wake-up.js';

/** Long enough to mark a busy service's rows in few transactions, far below the loop's time between two looks. */
const MARK_AFTER_MS = 200;
/** Beyond it the bus is slower than the service, and the loop's batches serve better. */
const IN_FLIGHT_MAX = 100;

export interface StreamIdentity {
  name: string;
  created: string;
}

interface Published {
  id: string;
  sequence: number;
  stream: StreamIdentity;
}

export class PromptPublisher {
  private readonly logger = new Logger(PromptPublisher.name);
  private readonly inFlight = new Set<Promise<void>>();
  private published: Published[] = [];
  private marking: Promise<void> | undefined;
  private readonly company = new WakeUp();

  /** @param onFailure told when rows were left to the loop */
  constructor(
    private readonly database: Database,
    private readonly rows: OutboxRows,
    private readonly publisher: EventPublisher,
    private readonly onFailure: () => void,
  ) {}

  /** @returns false when it can't take the row now */
  offer(row: NewOutboxRow, stream: StreamIdentity): boolean {
    if (this.inFlight.size >= IN_FLIGHT_MAX) return false;
    const publishing = this.publish(row, stream).finally(() => this.inFlight.delete(publishing));
    this.inFlight.add(publishing);
    return true;
  }

  /** Resolves, without waiting for company, when all that was taken is marked or left to the loop. */
  async settle(): Promise<void> {
    await Promise.all(this.inFlight);
    this.company.notify();
    await this.marking;
  }

  private async publish({ id, type, envelope }: NewOutboxRow, stream: StreamIdentity): Promise<void> {
    const committedAt = new Date();
    try {
      const { sequence } = await this.publisher.publish(type, id, envelope);
      observePublishLag(committedAt);
      this.published.push({ id, sequence, stream });
      this.marking ??= this.markAll();
    } catch (error) {
      this.leave(error);
    }
  }

  private async markAll(): Promise<void> {
    while (this.published.length > 0) {
      this.company.reset();
      await this.company.wait(MARK_AFTER_MS);
      const published = this.published;
      this.published = [];
      await this.mark(published).catch((error: unknown) => this.leave(error));
    }
    this.marking = undefined;
  }

  private async mark(published: readonly Published[]): Promise<void> {
    for (const [stream, rows] of groupByStream(published)) {
      const ids = rows.map(({ id }) => id);
      const sequences = rows.map(({ sequence }) => sequence);
      const isMarked = await this.database.withoutTenant((tx) =>
        tx.commitWith(() => this.rows.markPublished(tx, stream, ids, sequences)),
      );
      if (!isMarked) throw new Error(`${stream.name} is not the stream it was when it was checked`);
    }
  }

  private leave(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    this.logger.warn(`left events to be published by the next look at the outbox: ${reason}`);
    this.onFailure();
  }
}

function groupByStream(published: readonly Published[]): Map<StreamIdentity, Published[]> {
  const groups = new Map<StreamIdentity, Published[]>();
  for (const row of published) groups.set(row.stream, [...(groups.get(row.stream) ?? []), row]);
  return groups;
}
