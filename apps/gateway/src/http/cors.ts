import type { FastifyInstance } from 'fastify';

const ALLOWED_HEADERS =
  'Authorization, Content-Type, Idempotency-Key, Last-Event-ID, X-Request-Id, traceparent';
const EXPOSED_HEADERS = 'Allow, Location, RateLimit, RateLimit-Policy, Retry-After, X-Request-Id';
const ALLOWED_METHODS = 'GET, POST, PUT, PATCH, DELETE';
const PREFLIGHT_MAX_AGE_SECONDS = '600';

/**
 * CORS (https://fetch.spec.whatwg.org/#http-cors-protocol) for the configured origins, compared as a whole. Callers
 * authenticate by a header of their own, so credentials (cookies) are never allowed. Other origins get no header, and
 * their browser keeps the answer from them.
 */
export function addCors(instance: FastifyInstance, allowedOrigins: readonly string[]): void {
  const origins = new Set(allowedOrigins);
  instance.addHook('onRequest', (request, reply, done) => {
    const origin = request.headers.origin;
    if (origin === undefined) return done();
    reply.header('vary', 'Origin');
    if (!origins.has(origin)) return done();
    reply.header('access-control-allow-origin', origin);
    if (request.method !== 'OPTIONS' || request.headers['access-control-request-method'] === undefined) {
      reply.header('access-control-expose-headers', EXPOSED_HEADERS);
      return done();
    }
    reply
      .code(204)
      .headers({
        'access-control-allow-methods': ALLOWED_METHODS,
        'access-control-allow-headers': ALLOWED_HEADERS,
        'access-control-max-age': PREFLIGHT_MAX_AGE_SECONDS,
      })
      .send();
  });
}
