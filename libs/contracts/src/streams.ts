import { memberAdded, organizationCreated } from './auth/events.js';
import { entitlementsChanged } from './billing/events.js';
import {
  appCreated,
  deploymentCreated,
  deploymentEnded,
  deploymentFailed,
  deploymentWentLive,
  instancesSampled,
} from './deploy/events.js';
import { type EventContract, type EventKind, streamName } from './event.js';
import { usageRecorded } from './monitor/events.js';
import { type ServiceName, serviceNames } from './service.js';

export const events: readonly EventContract[] = [
  organizationCreated,
  memberAdded,
  entitlementsChanged,
  appCreated,
  deploymentCreated,
  deploymentWentLive,
  deploymentFailed,
  deploymentEnded,
  instancesSampled,
  usageRecorded,
];

export interface Stream {
  name: string;
  service: ServiceName;
  kind: EventKind;
  subjects: string[];
}

export interface Durable {
  name: string;
  stream: string;
  /** The consuming service. */
  service: ServiceName;
  filterSubject: string;
}

/** One stream of facts per service, and one of measurements where it has any. */
export function streams(): Stream[] {
  return serviceNames.flatMap((service) =>
    (['fact', 'measurement'] as const)
      .map((kind) => ({
        name: streamName(service, kind),
        service,
        kind,
        subjects: events
          .filter((each) => each.service === service && each.kind === kind)
          .map((each) => each.type),
      }))
      .filter((stream) => stream.subjects.length > 0),
  );
}

/** `billing-on-auth-organization-created-v1` */
export function durableName(consumer: ServiceName, contract: EventContract): string {
  return `${consumer}-on-${contract.service}-${contract.entity}-${contract.action}-v${contract.version}`;
}

export function durables(): Durable[] {
  return events.flatMap((contract) =>
    contract.consumers.map((service) => ({
      name: durableName(service, contract),
      stream: contract.stream,
      service,
      filterSubject: contract.type,
    })),
  );
}
