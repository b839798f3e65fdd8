import { counter, histogram } from '@capsule/telemetry';

const LAG_BUCKETS_SECONDS = [0.002, 0.005, 0.01, 0.02, 0.04, 0.06, 0.1, 0.25, 0.5, 1, 5, 30, 300];

const publishLag = histogram({
  name: 'capsule_outbox_publish_lag_seconds',
  help: 'From writing an outbox row to the stream having stored its event',
  buckets: LAG_BUCKETS_SECONDS,
});

const eventLag = histogram({
  name: 'capsule_event_lag_seconds',
  help: 'From the time of an event to its effect being committed here',
  labelNames: ['consumer'],
  buckets: LAG_BUCKETS_SECONDS,
});

const redeliveries = counter({
  name: 'capsule_event_redeliveries_total',
  help: 'Deliveries of events that had been delivered before',
  labelNames: ['consumer'],
});

const duplicates = counter({
  name: 'capsule_event_duplicates_total',
  help: 'Deliveries dropped because the event had had its effect',
  labelNames: ['consumer'],
});

const deadLetters = counter({
  name: 'capsule_event_dead_letters_total',
  help: 'Events given up on and kept as dead letters',
  labelNames: ['consumer'],
});

export function observePublishLag(writtenAt: Date): void {
  publishLag.observe(secondsSince(writtenAt));
}

export function observeEventLag(consumer: string, happenedAt: Date): void {
  eventLag.observe({ consumer }, secondsSince(happenedAt));
}

export function countRedelivery(consumer: string): void {
  redeliveries.inc({ consumer });
}

export function countDuplicate(consumer: string): void {
  duplicates.inc({ consumer });
}

export function countDeadLetter(consumer: string): void {
  deadLetters.inc({ consumer });
}

/** Two clocks may disagree; a negative lag would only spoil the sum. */
function secondsSince(instant: Date): number {
  return Math.max(0, Date.now() - instant.getTime()) / 1000;
}
