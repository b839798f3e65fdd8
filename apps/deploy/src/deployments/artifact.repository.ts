import { Injectable } from '@nestjs/common';
import { type Transaction, uuidv7 } from '@capsule/database';
import type { Artifact } from '../engine/engine.js';

export interface ArtifactRow {
  id: string;
  storageKey: string;
  digest: string;
}

/**
 *   pending ──► stored ──► deleted
 *      └──► removed, when nobody can be building it any more
 *
 * The row is there before the object. Each build has one of its own, so an object is written once and by one writer: a
 * build that lost its lease can't overwrite what its successor made.
 */
@Injectable()
export class ArtifactRepository {
  async findById(tx: Transaction, id: string): Promise<ArtifactRow | null> {
    const [row] = await tx.query<ArtifactRow>(
      `SELECT id, storage_key AS "storageKey", digest FROM artifacts WHERE id = $1
         AND state = 'stored' AND deleted_at IS NULL`,
      [id],
    );
    return row ?? null;
  }

  /** @param validSeconds after which nobody builds it any more */
  async insertPending(
    tx: Transaction,
    appId: string,
    validSeconds: number,
  ): Promise<{ id: string; storageKey: string }> {
    const id = uuidv7();
    const storageKey = `artifacts/${appId}/${id}.tar.gz`;
    await tx.query(
      `INSERT INTO artifacts (id, tenant_id, app_id, storage_key, state, expires_at)
       VALUES ($1, $2, $3, $4, 'pending', clock_timestamp() + make_interval(secs => $5))`,
      [id, tx.tenantId, appId, storageKey, validSeconds],
    );
    return { id, storageKey };
  }

  /** @returns false when its time had run out and the reaper removed it: build once more */
  async updateStored(tx: Transaction, id: string, { digest, sizeBytes }: Artifact): Promise<boolean> {
    const rows = await tx.query(
      `UPDATE artifacts SET state = 'stored', digest = $2, size_bytes = $3
       WHERE id = $1 AND state = 'pending' RETURNING id`,
      [id, digest, sizeBytes],
    );
    return rows.length > 0;
  }

  /** Renews the artifact's time of grace. @returns false when it was deleted */
  async keep(tx: Transaction, id: string): Promise<boolean> {
    const rows = await tx.query(
      'UPDATE artifacts SET deleted_at = NULL WHERE id = $1 AND deleted_at IS NULL RETURNING id',
      [id],
    );
    return rows.length > 0;
  }

  /**
   * Marks the artifact deleted unless it was taken up again since it was found unneeded. Its object goes in the same
   * transaction, under the row's lock.
   * @returns the object's key
   */
  async updateDeleted(tx: Transaction, id: string, graceSeconds: number): Promise<string | null> {
    const [row] = await tx.query<{ storageKey: string }>(
      `UPDATE artifacts SET deleted_at = clock_timestamp()
       WHERE id = $1 AND state = 'stored' AND deleted_at IS NULL
         AND updated_at < now() - make_interval(secs => $2)
       RETURNING storage_key AS "storageKey"`,
      [id, graceSeconds],
    );
    return row?.storageKey ?? null;
  }

  /** Removes a pending one whose time has run out; its object goes in the same transaction. @returns the object's key */
  async removeExpired(tx: Transaction, id: string): Promise<string | null> {
    const [row] = await tx.query<{ storageKey: string }>(
      `DELETE FROM artifacts WHERE id = $1 AND state = 'pending' AND expires_at <= clock_timestamp()
       RETURNING storage_key AS "storageKey"`,
      [id],
    );
    return row?.storageKey ?? null;
  }
}
