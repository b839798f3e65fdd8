/**
 * Registers the table of endpoints as routes of Fastify itself. A request passes
 *
 *   known route and method -> token -> rate limit -> body -> fields -> service -> answer
 *
 * in that order, so that what is refused is refused before it costs more: nobody's body is read before it is known who
 * sends it and that they may send one. There is no Nest controller per route, because its pipeline would cost more than
 * all of this together.
 */
import { type Endpoint, endpoints } from '@capsule/contracts';
import { sendProblem } from '@capsule/errors';
import { Authenticator } from '@capsule/security/authentication';
import { Inject, Injectable } from '@nestjs/common';
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteHandlerMethod } from 'fastify';
import { archiveTypes } from '../archives/archive-types.js';
import { ArchiveUploads } from '../archives/archive-uploads.js';
import { config, type GatewaySettings } from '../config.js';
import { addDocumentation } from '../documentation/documentation-routes.js';
import { RateLimits } from '../limits/rate-limits.js';
import { LogStreams } from '../log-streams/log-streams.js';
import { Upstreams } from '../upstream/upstreams.js';
import { bodyTypes, refuseOtherBodies } from './body-types.js';
import { locationSetter } from './location.js';
import { refuseOtherMethods } from './other-methods.js';
import { contextRunner } from './request-context.js';
import { fieldReader } from './request-fields.js';
import { routerPath } from './router-path.js';
import { sendShared } from './shared-answer.js';

@Injectable()
export class BusinessRoutes {
  constructor(
    private readonly upstreams: Upstreams,
    private readonly authenticator: Authenticator,
    private readonly limits: RateLimits,
    private readonly archives: ArchiveUploads,
    private readonly logStreams: LogStreams,
    @Inject(config.KEY) private readonly settings: GatewaySettings,
  ) {}

  register(instance: FastifyInstance): void {
    instance.decorateRequest('caller', undefined);
    void instance.register((scope, _options, done) => {
      scope.setErrorHandler((error, request, reply) => {
        // Fastify asks to close the connection under a caller that may still be sending; see boundUnreadBodies.
        reply.removeHeader('connection');
        sendProblem(error, request, reply);
      });
      for (const endpoint of endpoints) this.addRoute(scope, endpoint);
      refuseOtherMethods(scope, endpoints);
      addDocumentation(scope);
      done();
    });
  }

  private addRoute(scope: FastifyInstance, endpoint: Endpoint): void {
    void scope.register((own, _options, done) => {
      if (endpoint.transfer === 'archive') {
        own.addContentTypeParser(archiveTypes, (_request, payload, parsed) => parsed(null, payload));
      }
      own.route({
        method: endpoint.method,
        url: routerPath(endpoint.path),
        exposeHeadRoute: endpoint.transfer !== 'log-stream',
        bodyLimit: this.settings.bodyLimitBytes,
        onRequest: (request, reply) => this.admit(endpoint, request, reply),
        handler: this.handlerOf(endpoint),
        ...(bodyTypes(endpoint).length > 0 && refuseOtherBodies(endpoint)),
      });
      done();
    });
  }

  private async admit(endpoint: Endpoint, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    try {
      if (endpoint.security === 'bearer') {
        request.caller = await this.authenticator.authenticate(request);
      }
    } finally {
      // Also for a refused token: guessing tokens is limited by address.
      if (!endpoint.shared) await this.limits.take(endpoint, request, reply);
    }
  }

  private handlerOf(endpoint: Endpoint): RouteHandlerMethod {
    const json = this.jsonHandler(endpoint);
    if (endpoint.shared)
      return async function (request, reply) {
        const answer: unknown = await json.call(this, request, reply);
        return sendShared(reply, 'application/json', JSON.stringify(answer));
      };
    if (endpoint.transfer === 'log-stream') return this.logStreams.handler(endpoint);
    return endpoint.transfer === 'archive' ? this.archives.handler(endpoint, json) : json;
  }

  private jsonHandler(endpoint: Endpoint): RouteHandlerMethod {
    const read = fieldReader(endpoint);
    const inContext = contextRunner(endpoint);
    const setLocation = locationSetter(endpoint);
    return (request, reply) =>
      inContext(request, async () => {
        const response = await this.upstreams.call(endpoint.rpc, read(request));
        reply.code(endpoint.status);
        setLocation(reply, response);
        return endpoint.status === 204 ? undefined : response;
      });
  }
}
