/**
 * Preloaded into the services by `npm run chaos`: kills the process, as `kill -9` would, at the two places where a
 * crash is most treacherous. The product knows nothing of it.
 *
 *   relay     the events are on the stream and the row is not marked yet
 *   consumer  the effect is committed and the message is not acknowledged yet
 *
 * CHAOS_DEATHS holds the chance of each, per passage, in thousandths.
 */
import { Transaction } from '@capsule/database';
import { DeliveredMessage } from '@capsule/messaging';

const chances = JSON.parse(process.env.CHAOS_DEATHS ?? '{}');
/** A process that dies at once on every start would only ever prove that it can not start. */
const QUIET_MS = 1_000;

function mayDie(place) {
  if (process.uptime() * 1000 < QUIET_MS || Math.random() * 1000 >= chances[place]) return;
  process.stderr.write(`chaos: dying at ${place}\n`);
  process.kill(process.pid, 'SIGKILL');
}

const { query } = Transaction.prototype;
Transaction.prototype.query = function (statement, parameters) {
  const text = typeof statement === 'string' ? statement : statement.text;
  if (text.includes('outbox_mark_published')) mayDie('relay');
  return query.call(this, statement, parameters);
};

const { ack } = DeliveredMessage.prototype;
DeliveredMessage.prototype.ack = function () {
  mayDie('consumer');
  return ack.call(this);
};
