import { httpRequestSeconds } from '@capsule/telemetry';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { ShutdownState } from './shutdown-state.js';

export type Fastify = ReturnType<ReturnType<NestFastifyApplication['getHttpAdapter']>['getInstance']>;

/** Rate, errors and duration per route pattern. */
export function observeRequests(fastify: Fastify): void {
  const seconds = httpRequestSeconds();
  fastify.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'unknown';
    seconds.observe({ method: request.method, route, status: reply.statusCode }, reply.elapsedTime / 1_000);
    done();
  });
}

/**
 * While draining, every answer asks its client to leave the connection. Kept-alive connections are thus empty, and not
 * just about to carry another request, when the server closes them.
 */
export function releaseConnections(fastify: Fastify, state: ShutdownState): void {
  fastify.addHook('onSend', (_request, reply, payload, done) => {
    if (state.phase === 'draining') reply.header('connection', 'close');
    done(null, payload);
  });
}
