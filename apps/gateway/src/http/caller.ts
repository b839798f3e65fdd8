import type { Principal } from '@capsule/security';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who sends the request, once its token is verified; always there on routes that require one. */
    caller: Principal | undefined;
  }
}
