/**
 * Preloaded into the services by `npm run chaos`: kills the process, as `kill -9` would, at the places where a crash is
 * most treacherous. The product knows nothing of it.
 *
 *   prompt    events that went out right after their commit are on the stream, and their rows are not marked yet
 *   loop      the same of events that the relay's loop took from the outbox
 *   consumer  the effect is committed and the message is not acknowledged yet
 *
 * CHAOS_DEATHS holds the chance of each, per passage, in thousandths. A death is told in the log, and counted there.
 */
import { writeSync } from 'node:fs';
import { Transaction } from '@capsule/database';
import { DeliveredMessage } from '@capsule/messaging';

const chances = JSON.parse(process.env.CHAOS_DEATHS ?? '{}');

function mayDie(place) {
  if (Math.random() * 1000 >= (chances[place] ?? 0)) return;
  writeSync(2, `chaos: dying at ${place}\n`);
  process.kill(process.pid, 'SIGKILL');
}

/** The loop marks rows in the transaction that claimed them. */
const claiming = new WeakSet();

const { query } = Transaction.prototype;
Transaction.prototype.query = function (statement, parameters) {
  const text = typeof statement === 'string' ? statement : statement.text;
  if (text.includes('outbox_claim(')) claiming.add(this);
  if (text.includes('outbox_mark_published(')) mayDie(claiming.has(this) ? 'loop' : 'prompt');
  return query.call(this, statement, parameters);
};

const { ack } = DeliveredMessage.prototype;
DeliveredMessage.prototype.ack = function () {
  mayDie('consumer');
  return ack.call(this);
};
