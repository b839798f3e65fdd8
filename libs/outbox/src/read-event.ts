import { eventEnvelopeSchema, type EventContract, type EventEnvelope } from '@capsule/contracts';
import { z } from 'zod';

/** The message is no event of its contract. Delivering it again would not make it one. */
export class UnreadableEvent extends Error {
  override readonly name = 'UnreadableEvent';
}

/**
 * The event with its data as the contract parses it.
 * @throws UnreadableEvent
 */
export function readEvent(contract: EventContract, message: unknown): EventEnvelope {
  const envelope = eventEnvelopeSchema.safeParse(message);
  if (!envelope.success) throw new UnreadableEvent(`no CloudEvent: ${z.prettifyError(envelope.error)}`);
  if (envelope.data.type !== contract.type) throw new UnreadableEvent(`of type ${envelope.data.type}`);
  const data = contract.data.safeParse(envelope.data.data);
  if (!data.success) throw new UnreadableEvent(`data do not fit: ${z.prettifyError(data.error)}`);
  return { ...envelope.data, data: data.data };
}

/** What a message holds; undefined, which no contract reads, when it is not JSON. */
export function parseMessage(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
