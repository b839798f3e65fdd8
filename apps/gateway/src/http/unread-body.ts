import type { FastifyInstance } from 'fastify';

/** How long a caller whose request was answered early may go on sending a body that nobody reads. */
const LINGER_MS = 5_000;

/**
 * An answer given before the body was read (401, 413) would be lost if the connection were closed at once: the caller,
 * still sending, sees a reset instead. Node discards the rest; this ends it when it does not end by itself.
 */
export function boundUnreadBodies(instance: FastifyInstance): void {
  instance.addHook('onResponse', (request, _reply, done) => {
    const { raw } = request;
    if (!raw.complete) setTimeout(() => raw.complete || raw.destroy(), LINGER_MS).unref();
    done();
  });
}
