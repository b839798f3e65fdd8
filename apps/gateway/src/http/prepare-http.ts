import type { IncomingMessage } from 'node:http';
import { DomainError, ProblemFilter } from '@capsule/errors';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { config, type GatewaySettings } from '../config.js';
import { takeJsonBodies } from './body-parsers.js';
import { BusinessRoutes } from './business-routes.js';
import { addCors } from './cors.js';
import { setResponseHeaders } from './response-headers.js';
import { boundUnreadBodies } from './unread-body.js';

const NO_HOST = { detail: 'The `Host` header is missing.' };

/** RFC 9112 §3.2; left to us by fastifyOptions, because Node's own refusal says nothing. */
function isWithoutHost({ headers, httpVersion }: IncomingMessage): boolean {
  return headers.host === undefined && httpVersion === '1.1';
}

/** Makes the gateway out of an application whose modules are built and whose routes are not. */
export function prepareHttp(app: NestFastifyApplication): void {
  const settings = app.get<GatewaySettings>(config.KEY);
  const instance = app.getHttpAdapter().getInstance();
  app.useGlobalFilters(new ProblemFilter());
  // RFC 9110 §10.1.1 leaves it to us what to do about an expectation that we do not know; Node would answer it by itself.
  instance.server.on('checkExpectation', (request, response) => {
    instance.server.emit('request', request, response);
  });
  instance.addHook('onRequest', (request, reply, done) => {
    setResponseHeaders(request, reply);
    done(isWithoutHost(request.raw) ? new DomainError('platform.request.malformed', NO_HOST) : undefined);
  });
  addCors(instance, settings.corsOrigins);
  takeJsonBodies(instance);
  boundUnreadBodies(instance);
  app.get(BusinessRoutes).register(instance);
}
