import { SetMetadata } from '@nestjs/common';
import type { DataOf, EventContract, EventEnvelope } from '@capsule/contracts';
import type { Transaction } from '@capsule/database';

export const ON_EVENT = Symbol('capsule:on-event');

type EventMethod<C extends EventContract> = (
  event: EventEnvelope<DataOf<C>>,
  transaction: Transaction,
) => Promise<void>;

/**
 * Has a provider's method called for every event of the contract, inside the transaction that also remembers the
 * event: throwing undoes both, and the event comes again after a backoff. Events may overtake each other.
 */
export function OnEvent<C extends EventContract>(contract: C) {
  return (target: object, key: string, descriptor: TypedPropertyDescriptor<EventMethod<C>>): void =>
    void SetMetadata(ON_EVENT, contract)(target, key, descriptor);
}
