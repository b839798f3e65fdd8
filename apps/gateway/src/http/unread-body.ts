import type { FastifyInstance } from 'fastify';

/** How long a caller whose request was answered early may go on sending what nobody wants. */
export const LINGER_MS = 5_000;

/**
 * An answer given before the body was read (401, 413) would be lost if the connection were closed at once: the caller,
 * still sending, sees a reset instead. So the rest is read and thrown away, also where a part of it was wanted: the
 * caller's next request may wait behind it. Who goes on for too long is cut off.
 */
export function boundUnreadBodies(instance: FastifyInstance): void {
  instance.addHook('onResponse', (request, _reply, done) => {
    const { raw } = request;
    if (!raw.complete) {
      raw.resume();
      setTimeout(() => raw.complete || raw.destroy(), LINGER_MS).unref();
    }
    done();
  });
}
