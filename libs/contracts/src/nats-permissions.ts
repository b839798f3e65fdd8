import { requests } from './requests.js';
import type { AppName } from './service.js';
import { durables, events, streams } from './streams.js';

export interface NatsPermissions {
  publish: string[];
  subscribe: string[];
  inboxPrefix: string;
}

/**
 * The least a process needs on the bus: its own events, the requests that name it as a caller, its own requests to
 * answer, and of JetStream only pulling and acknowledging its own durables and looking at its own streams.
 * `$JS.API.>` would let it purge another's stream or have it republished as a request.
 */
export function natsPermissions(app: AppName): NatsPermissions {
  const inboxPrefix = `_INBOX_${app}`;
  const ownDurables = durables().filter((durable) => durable.service === app);
  return {
    publish: [
      ...events.filter((event) => event.service === app).map((event) => event.type),
      ...requests.filter((request) => request.callers.includes(app)).map((request) => request.subject),
      ...streams()
        .filter((stream) => stream.service === app)
        .map((stream) => `$JS.API.STREAM.INFO.${stream.name}`),
      ...ownDurables.flatMap(({ stream, name }) => [
        `$JS.API.CONSUMER.MSG.NEXT.${stream}.${name}`,
        `$JS.API.CONSUMER.INFO.${stream}.${name}`,
      ]),
    ],
    subscribe: [
      ...requests.filter((request) => request.service === app).map((request) => request.subject),
      `${inboxPrefix}.>`,
    ],
    inboxPrefix,
  };
}
