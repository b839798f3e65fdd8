import { Inject, Injectable } from '@nestjs/common';
import { eventEnvelopeSchema } from '@capsule/contracts';
import { Database, uuidv7, type Transaction } from '@capsule/database';
import { EventAttempts } from './event-attempts.js';
import { EventHandlers, type Subscription } from './event-handlers.js';
import { EventProcessor } from './event-processor.js';
import { OUTBOX_OPTIONS, type OutboxOptions } from './outbox-options.js';
import { parseMessage, readEvent } from './read-event.js';

const INSERT = `
  INSERT INTO dead_letters (id, tenant_id, consumer, event_id, event_type, envelope, error, attempts)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
  ON CONFLICT (consumer, event_id) WHERE replayed_at IS NULL DO NOTHING`;
const LIST = `
  SELECT id, tenant_id AS "tenantId", consumer, event_id AS "eventId", event_type AS "eventType", error, attempts,
         created_at AS "createdAt", replayed_at AS "replayedAt"
  FROM dead_letter_list($1, $2, $3)`;
const LOCK_OPEN =
  'SELECT envelope, consumer FROM dead_letters WHERE id = $1 AND replayed_at IS NULL FOR UPDATE';
const MARK_REPLAYED = 'UPDATE dead_letters SET replayed_at = clock_timestamp() WHERE id = $1';

const ERROR_CHARACTERS_MAX = 2_000;

export interface DeadLetter {
  id: string;
  tenantId: string | null;
  /** The durable whose handler failed. */
  consumer: string;
  eventId: string;
  eventType: string;
  error: string;
  /** Those that counted against the event: a time-out counts half. */
  attempts: number;
  createdAt: Date;
  replayedAt: Date | null;
}

interface OpenLetter {
  consumer: string;
  envelope: unknown;
}

/** Events given up on. They stay until somebody replays them. */
@Injectable()
export class DeadLetters {
  constructor(
    private readonly database: Database,
    private readonly handlers: EventHandlers,
    private readonly processor: EventProcessor,
    private readonly attempts: EventAttempts,
    @Inject(OUTBOX_OPTIONS) private readonly options: OutboxOptions,
  ) {}

  /** Writes it once per event and consumer, however often it is tried, and forgets the attempts at the event. */
  async write(
    { contract, durable }: Subscription,
    message: string,
    attempts: number,
    error: unknown,
  ): Promise<void> {
    const content = parseMessage(message);
    const event = eventEnvelopeSchema.safeParse(content).data;
    const eventId = event?.id ?? uuidv7();
    const envelope = storableJson(event ? content : { unreadable: message });
    const reason = storable(error instanceof Error ? error.message : String(error));
    await this.inTenant(event?.tenantid ?? null, async (tx) => {
      const values = [durable, eventId, contract.type, envelope, reason, Math.ceil(attempts)];
      await tx.query(INSERT, [uuidv7(), tx.tenantId, ...values]);
      await this.attempts.forget(tx, durable, eventId);
    });
  }

  /** Newest first, over all tenants, without payloads. */
  list(options: { limit: number; includeReplayed?: boolean; id?: string }): Promise<DeadLetter[]> {
    return this.database.withoutTenant((tx) =>
      tx.query<DeadLetter>(LIST, [options.limit, options.includeReplayed ?? false, options.id ?? null]),
    );
  }

  /**
   * Runs the handlers once more; their effect and the mark on the letter commit together.
   * @returns false when the letter was replayed by somebody else in the meantime
   * @throws what the handler throws, UnreadableEvent, Error when nobody handles the event any more
   */
  async replay(letter: Pick<DeadLetter, 'id' | 'tenantId'>): Promise<boolean> {
    const found = await this.inTenant(letter.tenantId, (tx) => open(tx, letter.id));
    if (!found) return false;
    const subscription = this.handlers.subscriptionsOf(this.options.service).get(found.consumer);
    if (!subscription) throw new Error(`nothing handles the events of ${found.consumer}`);
    let replayed = false;
    await this.processor.process(
      subscription,
      readEvent(subscription.contract, found.envelope),
      async (tx) => {
        replayed = (await open(tx, letter.id)) !== undefined;
        if (replayed) await tx.query(MARK_REPLAYED, [letter.id]);
      },
    );
    return replayed;
  }

  private inTenant<T>(tenantId: string | null, work: (tx: Transaction) => Promise<T>): Promise<T> {
    return tenantId === null ? this.database.withoutTenant(work) : this.database.withTenant(tenantId, work);
  }
}

async function open(tx: Transaction, id: string): Promise<OpenLetter | undefined> {
  const [row] = await tx.query<OpenLetter>(LOCK_OPEN, [id]);
  return row;
}

/** PostgreSQL holds no NUL in text, and in jsonb no half of a surrogate pair either. JSON.stringify escapes both. */
const UNSTORABLE_ESCAPES = /(?<!\\)((?:\\\\)*)\\u(?:0000|d[89a-f][0-9a-f]{2})/g;

function storableJson(content: unknown): string {
  return JSON.stringify(content).replace(UNSTORABLE_ESCAPES, '$1\ufffd');
}

function storable(text: string): string {
  return text.slice(0, ERROR_CHARACTERS_MAX).replaceAll('\0', '\ufffd');
}
