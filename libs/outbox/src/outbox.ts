import { Injectable } from '@nestjs/common';
import type { DataOf, EventContract, EventEnvelope } from '@capsule/contracts';
import { uuidv7, type Transaction } from '@capsule/database';
import { currentContext } from '@capsule/telemetry';
import type { z } from 'zod';
import { OutboxRows } from './outbox-rows.js';
import { Relay } from './relay.js';

interface EventOptions {
  /** CloudEvents `subject`: the id of the entity within the tenant that the event is about. */
  subject?: string;
}

/** A NATS message holds 1 MiB; what is near it belongs into storage, with the event naming it. */
const ENVELOPE_MAX_BYTES = 512 * 1024;

/** Records events in the transaction of the change they tell of; they go out if, and after, it commits. */
@Injectable()
export class Outbox {
  constructor(
    private readonly relay: Relay,
    private readonly rows: OutboxRows,
  ) {}

  /**
   * @returns the event's id
   * @throws ZodError when the data does not fit the contract, Error when the event is no fact of this service or
   * exceeds 512 KiB
   */
  async add<C extends EventContract>(
    transaction: Transaction,
    contract: C,
    data: z.input<C['data']>,
    options?: EventOptions,
  ): Promise<string> {
    if (contract.stream !== this.relay.stream) throw new Error(`${contract.type} is no fact of this service`);
    const envelope = envelopeOf(contract, transaction, contract.data.parse(data) as DataOf<C>, options);
    const text = JSON.stringify(envelope);
    if (Buffer.byteLength(text) > ENVELOPE_MAX_BYTES)
      throw new Error(`${contract.type} is too large for the bus`);
    const { id, type } = envelope;
    const row = { id, stream: contract.stream, type, envelope: text };
    await this.rows.insert(transaction, row);
    transaction.afterCommit(() => this.relay.publishCommitted(row));
    return id;
  }
}

function envelopeOf<Data>(
  contract: EventContract,
  transaction: Transaction,
  data: Data,
  options: EventOptions = {},
): EventEnvelope<Data> {
  const context = currentContext();
  return {
    specversion: '1.0',
    id: uuidv7(),
    source: `capsule/${contract.service}`,
    type: contract.type,
    time: new Date().toISOString(),
    subject: options.subject,
    datacontenttype: 'application/json',
    tenantid: transaction.tenantId ?? undefined,
    requestid: context?.requestId,
    traceparent: context?.traceparent,
    actor: context?.actor,
    data,
  };
}
