/**
 * Preloaded into the services by `npm run chaos`: kills the process, as `kill -9` would, at the places where a crash is
 * most treacherous, and has each effect of an event leave a trace. The product knows nothing of it.
 *
 *   prompt        events that went out right after their commit are on the stream, and their rows are not marked yet
 *   loop          the same of events that the relay's loop took from the outbox
 *   marked        the mark is committed: whoever marks before the stream has the event loses it here
 *   consumer      the effect is committed and the message is not acknowledged yet
 *   acknowledged  the message is acknowledged: whoever acknowledges before the commit loses the effect here
 *
 * CHAOS_DEATHS holds the chance of each, per passage, in thousandths. A death is told in the log, and counted there.
 */
import { writeSync } from 'node:fs';
import { Transaction } from '@capsule/database';
import { DeliveredMessage } from '@capsule/messaging';
import { EventHandlers } from '@capsule/outbox';

const chances = JSON.parse(process.env.CHAOS_DEATHS ?? '{}');

/** What the client of NATS was given has left the process by then; a commit that was begun later has not ended. */
const SENT_AFTER_MS = 2;

const isDue = (place) => Math.random() * 1000 < (chances[place] ?? 0);

function die(place) {
  writeSync(2, `chaos: dying at ${place}\n`);
  process.kill(process.pid, 'SIGKILL');
}

/** The loop marks rows in the transaction that claimed them. */
const claiming = new WeakSet();

const { query } = Transaction.prototype;
Transaction.prototype.query = function (statement, parameters) {
  const text = typeof statement === 'string' ? statement : statement.text;
  if (text.includes('outbox_claim(')) claiming.add(this);
  if (!text.includes('outbox_mark_published(')) return query.call(this, statement, parameters);
  const before = claiming.has(this) ? 'loop' : 'prompt';
  if (isDue(before)) die(before);
  if (isDue('marked')) this.afterCommit(() => die('marked'));
  return query.call(this, statement, parameters);
};

const { ack } = DeliveredMessage.prototype;
DeliveredMessage.prototype.ack = function () {
  if (isDue('consumer')) die('consumer');
  ack.call(this);
  if (isDue('acknowledged')) setTimeout(die, SENT_AFTER_MS, 'acknowledged');
};

const { subscriptionsOf } = EventHandlers.prototype;
EventHandlers.prototype.subscriptionsOf = function (service) {
  const subscriptions = subscriptionsOf.call(this, service);
  for (const subscription of subscriptions.values()) {
    const [first, ...others] = subscription.handlers;
    if (subscription.contract.kind === 'fact')
      subscription.handlers = [traced(subscription.durable, first), ...others];
  }
  return subscriptions;
};

/** The trace commits with the effect, and no key keeps it from being there twice (tools/src/chaos/effect-traces.ts). */
function traced(durable, handler) {
  return async (event, transaction) => {
    // Not awaited before the handler runs: its statements go out together with this one, as they do without it.
    const left = transaction.query('INSERT INTO chaos_effects (durable, event_id) VALUES ($1, $2)', [
      durable,
      event.id,
    ]);
    left.catch(() => undefined);
    await handler(event, transaction);
    await left;
  };
}
