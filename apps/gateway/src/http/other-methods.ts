import type { Endpoint } from '@capsule/contracts';
import { DomainError } from '@capsule/errors';
import type { FastifyInstance } from 'fastify';
import { routerPath } from './router-path.js';

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/**
 * Answers the methods a path does not have: 405 with `Allow`, and `OPTIONS` with the same list. It happens before the
 * body is read, whose type would be a lesser fault.
 */
export function refuseOtherMethods(scope: FastifyInstance, endpoints: readonly Endpoint[]): void {
  for (const path of new Set(endpoints.map((endpoint) => endpoint.path))) {
    const own = endpoints.filter((endpoint) => endpoint.path === path);
    const served = new Set<string>(own.map(({ method }) => method));
    if (own.some(({ method, transfer }) => method === 'GET' && transfer !== 'log-stream')) served.add('HEAD');
    const allow = [...served, 'OPTIONS'].join(', ');
    scope.route({
      method: methods.filter((method) => !served.has(method)),
      url: routerPath(path),
      onRequest: (request, reply, done) => {
        reply.header('allow', allow);
        if (request.method === 'OPTIONS') reply.code(204).send();
        else done(new DomainError('platform.request.method_not_allowed'));
      },
      handler: () => undefined,
    });
  }
}
