/**
 * Publishes what the outbox holds. What this process commits goes out at once (see PromptPublisher). Behind that runs
 * one loop per process, for all that did not go out or was not marked; several processes share the rows by SKIP LOCKED.
 *
 *   asleep -> woken by a row that could not go out at once, by a reconnect, or after 5 s (rows of a process that died)
 *          -> stream checked, where that is due
 *          -> batches: claim rows, publish them all, mark them, commit; until a batch is not full
 *          -> asleep; after a failure for a backoff instead, up to 10 s
 *
 * A row is `unpublished` -> `published` with its sequence in the stream; it goes back to `unpublished` when the stream
 * turns out to have lost it, so published rows are kept: Postgres is the truth and the stream a copy.
 *
 * Invariants
 *  - The loop holds a row's lock while it publishes it, and marks it in the same transaction. A crash between publishing and
 *    marking leaves it unpublished: it is published again under the same id, which the stream drops within its
 *    duplicate window and the consumers' inboxes for ever.
 *  - Nothing is published before the stream was compared with what this database knows of it: on start, on each
 *    reconnect, every minute, and after any failure. A stream created at another time than known, be it earlier or
 *    later, or a shorter one makes the rows it lost unpublished. That goes in portions; a relay that dies between
 *    two leaves the rest to the next comparison, and until then no relay can mark anything.
 *  - A mark that the database refuses, since another relay has seen another stream, is a failure with a backoff: two
 *    relays that disagree look again, and the rows of the batch are published again.
 *  - A row that can't be published backs off alone (see outbox_mark_failed) and does not hold up the others.
 *
 * Events go out in the order of their rows' ids within a batch. That is no promise: a row that failed, or one whose
 * transaction took long, comes later than its successors.
 */
import { Inject, Injectable, Logger } from '@nestjs/common';
import { streamName } from '@capsule/contracts';
import { Database } from '@capsule/database';
import { EventPublisher, NatsConnection, StreamInspector } from '@capsule/messaging';
import { backoffMs } from './backoff.js';
import { observePublishLag } from './event-metrics.js';
import { OUTBOX_OPTIONS, type OutboxOptions } from './outbox-options.js';
import { OutboxRows, type ClaimedRow, type NewOutboxRow } from './outbox-rows.js';
import { PromptPublisher, type StreamIdentity } from './prompt-publisher.js';
import { WakeUp } from './wake-up.js';

const BATCH_ROWS = 100;
const POLL_MS = 5_000;
const STREAM_CHECK_MS = 60_000;
const BACKOFF_FIRST_MS = 200;
const BACKOFF_LONGEST_MS = 10_000;

type Outcome = { row: ClaimedRow; sequence: number } | { row: ClaimedRow; error: unknown };

@Injectable()
export class Relay {
  /** The stream of this service's facts. */
  readonly stream: string;

  private readonly logger = new Logger(Relay.name);
  private readonly wakeUp = new WakeUp();
  private readonly unlisten: () => void;
  private running: Promise<void> | undefined;
  private stopping = false;
  private failures = 0;
  private readonly prompt: PromptPublisher;
  private readonly pollMs: number;
  /** As last checked; undefined when it has to be checked before anything is published. */
  private known: StreamIdentity | undefined;
  private checkedAt = 0;

  constructor(
    private readonly database: Database,
    private readonly rows: OutboxRows,
    private readonly connection: NatsConnection,
    private readonly publisher: EventPublisher,
    private readonly inspector: StreamInspector,
    @Inject(OUTBOX_OPTIONS) options: OutboxOptions,
  ) {
    this.stream = streamName(options.service, 'fact');
    this.pollMs = options.pollMs ?? POLL_MS;
    const checkAgain = (): void => {
      this.known = undefined;
      this.wake();
    };
    this.prompt = new PromptPublisher(database, rows, publisher, checkAgain);
    this.unlisten = connection.onReconnect(checkAgain);
  }

  start(): void {
    this.running ??= this.run();
  }

  /** Publishes a row that has been committed, now or with the loop's next pass. Never fails. */
  publishCommitted(row: NewOutboxRow): void {
    const stream = this.stopping || !this.connection.connected ? undefined : this.known;
    if (stream === undefined || !this.prompt.offer(row, stream)) this.wake();
  }

  /** Tells that the outbox is worth a look. Costs nothing, never fails. */
  wake(): void {
    this.wakeUp.notify();
  }

  /** Ends the loop after a last pass over what is committed by now, if NATS is there to take it. */
  async stop(): Promise<void> {
    if (!this.running) return;
    this.stopping = true;
    await this.prompt.settle();
    this.wake();
    await this.running;
    this.unlisten();
  }

  private async run(): Promise<void> {
    do {
      this.wakeUp.reset();
      const waitMs = await this.pass();
      if (!this.stopping) await this.wakeUp.wait(waitMs);
    } while (!this.stopping);
    await this.pass();
  }

  /** @returns milliseconds until the next pass unless something wakes it before */
  private async pass(): Promise<number> {
    if (!this.connection.connected) return this.pollMs;
    try {
      await this.checkStream();
      while (this.known !== undefined && this.connection.connected) {
        const due = await this.publishBatch(this.known);
        if (due < BATCH_ROWS) break;
      }
      this.failures = 0;
      return this.pollMs;
    } catch (error) {
      this.failures += 1;
      this.known = undefined;
      const waitMs = backoffMs(this.failures, BACKOFF_FIRST_MS, BACKOFF_LONGEST_MS);
      this.logger.warn(`could not publish events, trying again in ${waitMs} ms: ${messageOf(error)}`);
      return waitMs;
    }
  }

  private async checkStream(): Promise<void> {
    if (this.known !== undefined && Date.now() - this.checkedAt < STREAM_CHECK_MS) return;
    let lost = 0;
    for (;;) {
      // Looked at anew for every portion: what another relay has found meanwhile must not be undone by an old look.
      const state = await this.inspector.inspect(this.stream);
      if (!state) throw new Error(`the stream ${this.stream} does not exist`);
      const portion = await this.rows.republishLost({ name: this.stream, ...state });
      lost += portion;
      if (portion > 0) continue;
      this.known = { name: this.stream, created: state.created };
      this.checkedAt = Date.now();
      if (lost > 0) this.logger.warn(`${this.stream} lost ${lost} events, publishing them again`);
      return;
    }
  }

  /** @returns how many rows were due */
  private publishBatch(stream: StreamIdentity): Promise<number> {
    return this.database.withoutTenant(async (tx) => {
      const rows = await this.rows.claim(tx, stream.name, BATCH_ROWS);
      if (rows.length === 0) return 0;
      const outcomes = await Promise.all(rows.map((row) => this.publish(row)));
      const published = outcomes.filter((outcome) => 'sequence' in outcome);
      const failed = outcomes.filter((outcome) => 'error' in outcome);
      if (published.length > 0) {
        const ids = published.map(({ row }) => row.id);
        const sequences = published.map(({ sequence }) => sequence);
        if (!(await this.rows.markPublished(tx, stream, ids, sequences))) {
          throw new Error(`${stream.name} is not the stream it was when it was checked`);
        }
        for (const { row } of published) observePublishLag(row.createdAt);
      }
      if (failed[0]) {
        const reason = messageOf(failed[0].error);
        this.logger.warn(`could not publish ${failed.length} events: ${reason}`);
        const ids = failed.map(({ row }) => row.id);
        // Without a connection the rows are not to blame: they stay due for the moment it is back.
        if (this.connection.connected) await this.rows.markFailed(tx, ids, reason);
      }
      return rows.length;
    });
  }

  private async publish(row: ClaimedRow): Promise<Outcome> {
    try {
      const { sequence } = await this.publisher.publish(row.type, row.id, row.envelope);
      return { row, sequence };
    } catch (error) {
      return { row, error };
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
