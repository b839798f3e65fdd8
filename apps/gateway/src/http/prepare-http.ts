import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { ProblemFilter } from '@capsule/errors';
import { config, type GatewaySettings } from '../config.js';
import { takeJsonBodies } from './body-parsers.js';
import { BusinessRoutes } from './business-routes.js';
import { addCors } from './cors.js';
import { setResponseHeaders } from './response-headers.js';
import { boundUnreadBodies } from './unread-body.js';

/** Makes the gateway out of an application whose modules are built and whose routes are not. */
export function prepareHttp(app: NestFastifyApplication): void {
  const settings = app.get<GatewaySettings>(config.KEY);
  const instance = app.getHttpAdapter().getInstance();
  app.useGlobalFilters(new ProblemFilter());
  instance.addHook('onRequest', (request, reply, done) => {
    setResponseHeaders(request, reply);
    done();
  });
  addCors(instance, settings.corsOrigins);
  takeJsonBodies(instance);
  boundUnreadBodies(instance);
  app.get(BusinessRoutes).register(instance);
}
