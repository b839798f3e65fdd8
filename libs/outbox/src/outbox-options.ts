import type { OutboxSettings } from '@capsule/config';
import type { ServiceName } from '@capsule/contracts';

export interface OutboxOptions extends OutboxSettings {
  service: ServiceName;
}

export const OUTBOX_OPTIONS = Symbol('capsule:outbox-options');
