import { z } from 'zod';
import { idSchema, instantSchema } from './primitives.js';
import type { ServiceName } from './service.js';

/**
 * 'fact': goes through the outbox, is never lost and has its effect once.
 * 'measurement': published straight to a stream of its own that keeps little; a lost one is a gap in a curve.
 */
export type EventKind = 'fact' | 'measurement';

export interface EventContract<Data extends z.ZodType = z.ZodType> {
  service: ServiceName;
  entity: string;
  action: string;
  version: number;
  kind: EventKind;
  /** Subject and CloudEvents type: `capsule.<service>.<entity>.<past-tense>.v<N>`. */
  type: string;
  data: Data;
  consumers: readonly ServiceName[];
  stream: string;
}

export type DataOf<C extends EventContract> = z.output<C['data']>;

interface EventOptions<Data extends z.ZodType> {
  service: ServiceName;
  entity: string;
  action: string;
  version?: number;
  kind?: EventKind;
  data: Data;
  consumers: readonly ServiceName[];
}

export function event<Data extends z.ZodType>(options: EventOptions<Data>): EventContract<Data> {
  const version = options.version ?? 1;
  const kind = options.kind ?? 'fact';
  return {
    ...options,
    version,
    kind,
    type: `capsule.${options.service}.${options.entity}.${options.action}.v${version}`,
    stream: streamName(options.service, kind),
  };
}

export function streamName(service: ServiceName, kind: EventKind): string {
  const name = `CAPSULE_${service.toUpperCase()}`;
  return kind === 'fact' ? name : `${name}_MEASUREMENTS`;
}

export const actorSchema = z.object({
  type: z.enum(['user', 'service', 'system']),
  id: z.string(),
  role: z.string().optional(),
});

/** CloudEvents 1.0 in JSON (https://github.com/cloudevents/spec), with our context as extension attributes. */
export const eventEnvelopeSchema = z.object({
  specversion: z.literal('1.0'),
  /** The outbox row's id, which is also the `Nats-Msg-Id`. */
  id: idSchema,
  source: z.string(),
  type: z.string(),
  time: instantSchema,
  subject: z.string().optional(),
  datacontenttype: z.literal('application/json'),
  tenantid: idSchema.optional(),
  requestid: z.string().optional(),
  traceparent: z.string().optional(),
  actor: actorSchema.optional(),
  data: z.unknown(),
});

export type EventEnvelope<Data = unknown> = Omit<z.output<typeof eventEnvelopeSchema>, 'data'> & {
  data: Data;
};
