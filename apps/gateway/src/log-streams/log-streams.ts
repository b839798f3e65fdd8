import { Readable } from 'node:stream';
import { deploymentLogRead, type Endpoint } from '@capsule/contracts';
import { DomainError } from '@capsule/errors';
import { RpcClient } from '@capsule/messaging';
import { Authenticator } from '@capsule/security/authentication';
import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest, RouteHandlerMethod } from 'fastify';
import { contextRunner } from '../http/request-context.js';
import { fieldReader } from '../http/request-fields.js';
import { Upstreams } from '../upstream/upstreams.js';
import { logEvents, type ReadLog } from './log-events.js';
import { OpenStreams } from './open-streams.js';

interface Route {
  fields: ReturnType<typeof fieldReader>;
  inContext: ReturnType<typeof contextRunner>;
}

/** Follows the log of a deployment over HTTP; what a stream is made of is in log-events.ts. */
@Injectable()
export class LogStreams implements BeforeApplicationShutdown {
  private readonly streams = new OpenStreams();

  constructor(
    private readonly upstreams: Upstreams,
    private readonly rpc: RpcClient,
    private readonly authenticator: Authenticator,
  ) {}

  /** Streams would hold the server's close back for as long as their deployments run; their readers resume elsewhere. */
  beforeApplicationShutdown(): void {
    this.streams.endAll();
  }

  handler(endpoint: Endpoint): RouteHandlerMethod {
    const route = { fields: fieldReader(endpoint), inContext: contextRunner(endpoint) };
    return (request, reply) => this.follow(route, request, reply);
  }

  private async follow(
    { fields, inContext }: Route,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<FastifyReply> {
    const resumeAt = lastEventId(request);
    const { deploymentId, offset } = deploymentLogRead.request.parse({
      ...fields(request),
      ...(resumeAt !== undefined && { offset: resumeAt }),
    });
    const read: ReadLog = async (from, waitMs) => {
      // A stream lives no longer than the token it was opened by; the reader comes back with a new one.
      await this.authenticator.authenticate(request);
      return inContext(request, () => {
        const wanted = { deploymentId, offset: from, waitMs };
        // A waiting read must not be the trial of a half-open breaker: everybody else would be refused for as long.
        const upstream = waitMs > 0 ? this.rpc : this.upstreams;
        return upstream.call(deploymentLogRead, wanted);
      });
    };
    const first = await read(offset, 0);
    // A reader that has seen the end and reconnects, as browsers do by themselves, is told to stop (HTML §9.2.3).
    if (resumeAt !== undefined && first.ended && first.text === '') return reply.code(204).send();

    const stream = this.streams.open(request.caller?.userId ?? request.ip);
    reply.raw.once('close', stream.end);
    // The reader may have left during the first read.
    if (reply.raw.destroyed) stream.end();
    const body = Readable.from(logEvents(first, read, stream.signal), { objectMode: true, highWaterMark: 1 });
    return reply
      .code(200)
      .headers({
        'content-type': 'text/event-stream; charset=utf-8',
        'x-accel-buffering': 'no',
        // Or a kept-alive connection would hold back the shutdown that ended its stream.
        connection: 'close',
      })
      .send(body);
  }
}

function lastEventId(request: FastifyRequest): string | undefined {
  const given = request.headers['last-event-id'];
  if (given === undefined) return undefined;
  if (typeof given === 'string' && /^\d{1,15}$/.test(given)) return given;
  throw new DomainError('platform.request.invalid', {
    fieldErrors: [{ path: 'Last-Event-ID', message: 'Must be the id of an event of this stream' }],
  });
}
