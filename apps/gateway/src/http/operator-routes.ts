import { BlockList, isIPv6 } from 'node:net';
import { DomainError } from '@capsule/errors';
import type { FastifyInstance, FastifyRequest, RouteOptions } from 'fastify';

/**
 * The gateway is the one process the world can reach, and health and metrics lie on its port. Where everybody may know
 * that it lives, only operators learn which dependency is down, and metrics do not exist for anybody else.
 * Call it before those routes are registered.
 */
export function guardOperatorRoutes(instance: FastifyInstance, operators: readonly string[]): void {
  const addresses = addressList(operators);
  const isOperator = (request: FastifyRequest): boolean =>
    // Behind a proxy that is not believed, the peer is the proxy and says nothing about who asks.
    (request.ips !== undefined || request.headers['x-forwarded-for'] === undefined) &&
    addresses.check(request.ip, isIPv6(request.ip) ? 'ipv6' : 'ipv4');

  instance.addHook('onRoute', (route: RouteOptions) => {
    if (route.url === '/metrics') {
      route.onRequest = (request, _reply, done) =>
        isOperator(request) ? done() : done(new DomainError('platform.route.not_found'));
    }
    if (route.url === '/health/ready') {
      route.preSerialization = (request, _reply, payload, done) =>
        done(null, isOperator(request) ? payload : { status: (payload as { status: unknown }).status });
    }
  });
}

/** Addresses and networks (`10.0.0.0/8`). */
function addressList(entries: readonly string[]): BlockList {
  const list = new BlockList();
  for (const entry of entries) {
    const [address = '', prefix] = entry.split('/');
    const type = isIPv6(address) ? 'ipv6' : 'ipv4';
    if (prefix === undefined) list.addAddress(address, type);
    else list.addSubnet(address, Number(prefix), type);
  }
  return list;
}
