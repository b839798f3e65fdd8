/**
 * A deployment whose request body is the archive itself. Bytes don't ride on NATS: they are streamed into storage, and
 * the request to the service names them by id, digest and size.
 *
 *   the service is asked for an id (may the caller deploy this app?) -> stored under it -> deployment created of it
 *
 * The service has written down the id before a byte is stored, and deletes what no deployment was created of when the
 * time for it has run out. So nothing that goes wrong here leaves an archive for ever, a crash between any two lines
 * included. What is known to be of no use goes at once:
 *  - an upload that breaks off or is too large never becomes an object (the store writes it aside and renames it);
 *  - when the service refuses the deployment the object is deleted.
 * When it did not answer, or failed in a way that leaves open whether it did its work, the object stays: it may be the
 * archive of a deployment that exists.
 *
 * The id is new for each request, also for one that is repeated under its idempotency key: of two that are under way
 * at once neither can touch the other's bytes, and the service sees by the digest whether they are the same request.
 */
import { archiveBegin, deploymentCreate, type Endpoint } from '@capsule/contracts';
import { DomainError, isRemote, validationError } from '@capsule/errors';
import { ObjectStore, tooLarge } from '@capsule/storage';
import { Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest, RouteHandlerMethod } from 'fastify';
import { config, type GatewaySettings } from '../config.js';
import { locationSetter } from '../http/location.js';
import { contextRunner, withNewDeadline } from '../http/request-context.js';
import { Upstreams } from '../upstream/upstreams.js';
import { uploadedBytes } from './uploaded-bytes.js';

@Injectable()
export class ArchiveUploads {
  constructor(
    private readonly upstreams: Upstreams,
    private readonly store: ObjectStore,
    @Inject(config.KEY) private readonly settings: GatewaySettings,
  ) {}

  /** @param json takes the request when its body is JSON */
  handler(endpoint: Endpoint, json: RouteHandlerMethod): RouteHandlerMethod {
    const inContext = contextRunner(endpoint);
    const setLocation = locationSetter(endpoint);
    const upload = (request: FastifyRequest) => inContext(request, () => this.deploy(request));
    return async function (request, reply) {
      // The parser of the archive types hands the unread request over as the body.
      if (request.body !== request.raw) return json.call(this, request, reply);
      const deployment = await upload(request);
      reply.code(endpoint.status);
      setLocation(reply, deployment);
      return deployment;
    };
  }

  private async deploy(request: FastifyRequest): Promise<unknown> {
    const read = archiveBegin.request.safeParse(request.params);
    if (!read.success) throw validationError(read.error);
    const { appId } = read.data;
    if (Number(request.headers['content-length'] ?? 0) > this.limit.maxBytes) throw tooLarge(this.limit);
    const { archiveId, storageKey, writeWithinSeconds } = await this.upstreams.call(archiveBegin, { appId });

    const { digest, sizeBytes } = await this.store.putStream(storageKey, uploadedBytes(request.raw), {
      ...this.limit,
      signal: endingAfter(writeWithinSeconds, request),
    });
    try {
      const source = { type: 'archive', archiveId, digest, sizeBytes } as const;
      return await withNewDeadline(deploymentCreate, () =>
        this.upstreams.call(deploymentCreate, { appId, source }),
      );
    } catch (error) {
      if (isRefusal(error)) await this.store.delete(storageKey);
      throw error;
    }
  }

  private get limit() {
    return { maxBytes: this.settings.archiveLimitBytes, tooLarge: 'deploy.archive.too_large' } as const;
  }
}

/** Ends the upload too: who has not sent it by then is told nothing any more. */
function endingAfter(seconds: number, request: FastifyRequest): AbortSignal {
  const signal = AbortSignal.timeout(seconds * 1000);
  signal.addEventListener('abort', () => {
    if (!request.raw.complete) request.raw.destroy();
  });
  return signal;
}

/** Answered, and not in a way that leaves open what the service did before. */
function isRefusal(error: unknown): boolean {
  return (
    isRemote(error) && error instanceof DomainError && error.kind !== 'timeout' && error.kind !== 'internal'
  );
}
