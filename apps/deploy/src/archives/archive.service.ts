/**
 * Uploads. The gateway has no database and streams the bytes into storage; the row that names them is made here first
 * (docs/adr/0014-rows-before-objects.md).
 *
 *   begun (row) ──► written by the gateway (object) ──► a deployment is created of it (row goes, the deployment names it)
 *      └─────────────────────┴──► expired ──► deleted by the reaper, object first, then row
 *
 * Invariants
 *  - An object's row is committed before its first byte is written, and goes only with the object or in the
 *    transaction in which a deployment takes it over: whatever dies between any two lines, a row names what is left.
 *  - Every upload has an object of its own. Of two under one Idempotency-Key the one that comes first is deployed, the
 *    other is expired at once, or refused; it never touches the first one's bytes.
 *  - The reaper waits GRACE_SECONDS beyond the time in which the gateway may write, so it deletes nothing that is
 *    being written.
 */
import { Injectable } from '@nestjs/common';
import {
  ARCHIVE_WRITE_SECONDS_MAX,
  type archiveBegin,
  type RequestOf,
  type ResponseOf,
} from '@capsule/contracts';
import { Database, type Transaction } from '@capsule/database';
import { DomainError } from '@capsule/errors';
import { requireTenant } from '@capsule/telemetry';
import { AppService } from '../apps/app.service.js';
import { archiveKey } from './archive-key.js';
import { ArchiveUploadRepository } from './archive-upload.repository.js';

const GRACE_SECONDS = 3_600;

@Injectable()
export class ArchiveService {
  constructor(
    private readonly database: Database,
    private readonly apps: AppService,
    private readonly uploads: ArchiveUploadRepository,
  ) {}

  /** @throws DomainError deploy.app.not_found */
  begin({ appId }: RequestOf<typeof archiveBegin>): Promise<ResponseOf<typeof archiveBegin>> {
    const tenantId = requireTenant();
    return this.database.withTenant(tenantId, async (tx) => {
      await this.apps.require(tx, appId);
      const archiveId = await this.uploads.insert(tx, appId, ARCHIVE_WRITE_SECONDS_MAX + GRACE_SECONDS);
      return {
        archiveId,
        storageKey: archiveKey(tenantId, archiveId),
        writeWithinSeconds: ARCHIVE_WRITE_SECONDS_MAX,
      };
    });
  }

  /** The caller's row names the object from now on. @throws DomainError deploy.archive.not_found */
  async take(tx: Transaction, appId: string, archiveId: string): Promise<void> {
    if (!(await this.uploads.remove(tx, appId, archiveId))) throw new DomainError('deploy.archive.not_found');
  }

  /**
   * For the reaper: the row of an upload whose time has run out goes; its object goes in the same transaction.
   * @returns the object's key; null when a deployment was created of it since it was found expired
   */
  async removeExpired(tx: Transaction, archiveId: string): Promise<string | null> {
    return (await this.uploads.removeExpired(tx, archiveId))
      ? archiveKey(tx.tenantId ?? '', archiveId)
      : null;
  }

  /** For an upload that turned out to be wanted by nobody. */
  async abandon(tx: Transaction, archiveId: string): Promise<void> {
    await this.uploads.updateExpired(tx, archiveId);
  }
}
