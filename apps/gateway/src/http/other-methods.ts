import { METHODS } from 'node:http';
import type { Endpoint } from '@capsule/contracts';
import { DomainError } from '@capsule/errors';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { routerPath } from './router-path.js';

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];
/**
 * What else can come (CONNECT cannot: Node closes its connection). A route for each on every path would cost the start
 * 0.3 s.
 */
const rareMethods = METHODS.filter((method) => !methods.includes(method) && method !== 'CONNECT');

/**
 * Answers the methods a path does not have: 405 with `Allow`, and `OPTIONS` with the same list. It happens before the
 * body is read, whose type would be a lesser fault.
 */
export function refuseOtherMethods(scope: FastifyInstance, endpoints: readonly Endpoint[]): void {
  const paths = [...new Set(endpoints.map(({ path }) => path))].map((path) => ({
    path,
    pattern: new RegExp(`^${path.replace('.', '\\.').replace(/\{\w+\}/g, '[^/]+')}$`),
    allow: [...servedMethods(endpoints.filter((endpoint) => endpoint.path === path)), 'OPTIONS'],
  }));
  for (const { path, allow } of paths) {
    scope.route({
      method: methods.filter((method) => method === 'OPTIONS' || !allow.includes(method)),
      url: routerPath(path),
      onRequest: (request, reply, done) => {
        const refusal = notAllowed(reply, allow);
        if (request.method === 'OPTIONS') reply.code(204).send();
        else done(refusal);
      },
      handler: () => undefined,
    });
  }
  for (const method of rareMethods) if (!scope.supportedMethods.includes(method)) scope.addHttpMethod(method);
  scope.route({
    method: rareMethods,
    url: '*',
    onRequest: ({ url }, reply, done) => {
      const [path = ''] = url.split('?');
      const known = paths.find(({ pattern }) => pattern.test(path));
      done(known ? notAllowed(reply, known.allow) : new DomainError('platform.route.not_found'));
    },
    handler: () => undefined,
  });
}

function servedMethods(endpoints: readonly Endpoint[]): Set<string> {
  const served = new Set<string>(endpoints.map(({ method }) => method));
  if (endpoints.some(({ method, transfer }) => method === 'GET' && transfer !== 'log-stream'))
    served.add('HEAD');
  return served;
}

function notAllowed(reply: FastifyReply, allow: readonly string[]): DomainError {
  reply.header('allow', allow.join(', '));
  return new DomainError('platform.request.method_not_allowed');
}
