/**
 * A deployment whose request body is the archive itself. Bytes don't ride on NATS: they are streamed into storage, and
 * the request to the service names them by id, digest and size.
 *
 *   the caller may deploy this app (asked before a byte is stored) -> stored -> deployment created
 *
 * Whatever goes wrong, storage keeps no archive that no deployment has, as far as that can be known:
 *  - an upload that breaks off or is too large never becomes an object (the store writes it aside and renames it);
 *  - when the service refuses the deployment the object is deleted;
 *  - when it did not answer, or failed in a way that leaves open whether it did its work, the object stays: deleting the
 *    archive of a deployment that exists would break it, a forgotten object costs only space.
 * A crash between storing and creating leaves such a forgotten object too.
 *
 * A repeated request (same idempotency key) has the same archive id. If the object is still there its bytes are not
 * replaced, only measured: other bytes make another request, which the service refuses without harm to the first.
 */
import {
  appGet,
  archiveStorageKey,
  deploymentCreate,
  type Endpoint,
  rolePermissions,
} from '@capsule/contracts';
import { DomainError, isRemote, validationError } from '@capsule/errors';
import { ObjectStore } from '@capsule/storage';
import { currentContext, requireTenant } from '@capsule/telemetry';
import { Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest, RouteHandlerMethod } from 'fastify';
import { config, type GatewaySettings } from '../config.js';
import { contextRunner, withNewDeadline } from '../http/request-context.js';
import { Upstreams } from '../upstream/upstreams.js';
import { archiveIdOf } from './archive-id.js';
import { measure } from './measure.js';
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
    const upload = (request: FastifyRequest) => inContext(request, () => this.deploy(request));
    return function (request, reply) {
      // The parser of the archive types hands the unread request over as the body.
      if (request.body !== request.raw) return json.call(this, request, reply);
      reply.code(endpoint.status);
      return upload(request);
    };
  }

  private async deploy(request: FastifyRequest): Promise<unknown> {
    const read = appGet.request.safeParse(request.params);
    if (!read.success) throw validationError(read.error);
    const { appId } = read.data;
    if (Number(request.headers['content-length'] ?? 0) > this.limit.maxBytes)
      throw new DomainError(this.limit.tooLarge);
    checkPermission(request);
    await this.upstreams.call(appGet, { appId });

    const tenantId = requireTenant();
    const archiveId = archiveIdOf(tenantId, appId, currentContext()?.idempotencyKey);
    const key = archiveStorageKey(tenantId, archiveId);
    const content = uploadedBytes(request.raw);
    const repeated = (await this.store.stat(key)) !== undefined;
    const { digest, sizeBytes } = repeated
      ? await measure(content, this.limit)
      : await this.store.putStream(key, content, this.limit);
    try {
      const source = { type: 'archive', archiveId, digest, sizeBytes } as const;
      return await withNewDeadline(deploymentCreate, () =>
        this.upstreams.call(deploymentCreate, { appId, source }),
      );
    } catch (error) {
      if (!repeated && isRefusal(error)) await this.store.delete(key);
      throw error;
    }
  }

  private get limit() {
    return { maxBytes: this.settings.archiveLimitBytes, tooLarge: 'deploy.archive.too_large' } as const;
  }
}

/** The service checks it again; asking here spares storage what could never be deployed. */
function checkPermission({ caller }: FastifyRequest): void {
  const { permission } = deploymentCreate;
  if (caller && permission && !rolePermissions(caller.role).has(permission)) {
    throw new DomainError('platform.permission.denied');
  }
}

/** Answered, and not in a way that leaves open what the service did before. */
function isRefusal(error: unknown): boolean {
  return (
    isRemote(error) && error instanceof DomainError && error.kind !== 'timeout' && error.kind !== 'internal'
  );
}
