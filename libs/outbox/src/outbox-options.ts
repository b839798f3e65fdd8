import type { OutboxSettings } from '@capsule/config';
import type { ServiceName } from '@capsule/contracts';

export interface OutboxOptions extends OutboxSettings {
  service: ServiceName;
  /** How long the relay sleeps at most, for rows that nobody wakes it for; 5 s unless given. */
  pollMs?: number;
}

export const OUTBOX_OPTIONS = Symbol('capsule:outbox-options');
