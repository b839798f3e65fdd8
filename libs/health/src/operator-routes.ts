import type { OperationsSettings } from '@capsule/config';
import { sendProblem } from '@capsule/errors';
import type { Fastify } from './http-hooks.js';
import { operatorRefusal } from './operator.js';

const FOR_OPERATORS = /^\/(metrics|operations)(\/|$)/;

/**
 * Answers /metrics and /operations/… to operators only. Readiness is for balancers, too: whoever asks learns the status,
 * and operators learn which dependency is down. Call it before those routes are registered.
 */
export function guardOperatorRoutes(fastify: Fastify, { token }: OperationsSettings): void {
  fastify.addHook('onRoute', (route) => {
    if (FOR_OPERATORS.test(route.url)) {
      route.onRequest = (request, reply, done) => {
        const refusal = operatorRefusal(request.headers.authorization, token);
        if (refusal) sendProblem(refusal, request, reply);
        else done();
      };
    }
    if (route.url === '/health/ready') {
      route.preSerialization = (request, _reply, payload, done) => {
        const { status } = payload as { status: unknown };
        done(null, operatorRefusal(request.headers.authorization, token) ? { status } : payload);
      };
    }
  });
}
