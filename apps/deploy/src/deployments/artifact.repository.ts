import { Injectable } from '@nestjs/common';
import { type Transaction, uuidv7 } from '@capsule/database';
import type { Artifact } from '../engine/engine.js';

export interface ArtifactRow {
  id: string;
  storageKey: string;
  digest: string;
}

@Injectable()
export class ArtifactRepository {
  async findById(tx: Transaction, id: string): Promise<ArtifactRow | null> {
    const [row] = await tx.query<ArtifactRow>(
      'SELECT id, storage_key AS "storageKey", digest FROM artifacts WHERE id = $1 AND deleted_at IS NULL',
      [id],
    );
    return row ?? null;
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
   * @returns null when the reaper deleted the same artifact while it was built again, so that it may be gone from
   *   storage: build once more
   */
  async record(tx: Transaction, appId: string, artifact: Artifact): Promise<string | null> {
    const [row] = await tx.query<{ id: string; deleted: boolean }>(
      `INSERT INTO artifacts AS a (id, tenant_id, app_id, storage_key, digest, size_bytes)
       VALUES ($1, $2, $3, $4, $5, $6)
       ON CONFLICT ON CONSTRAINT uq_artifacts__storage_key DO UPDATE SET deleted_at = a.deleted_at
       RETURNING id, deleted_at IS NOT NULL AS deleted`,
      [uuidv7(), tx.tenantId, appId, artifact.artifactKey, artifact.digest, artifact.sizeBytes],
    );
    if (!row) throw new Error('an artifact was not recorded');
    if (!row.deleted) return row.id;
    await tx.query('UPDATE artifacts SET deleted_at = NULL WHERE id = $1', [row.id]);
    return null;
  }

  /**
   * Marks the artifact deleted unless it was taken up again since it was found unneeded. Its file goes in the same
   * transaction, under the row's lock: nobody can build it anew in between.
   */
  async markDeleted(tx: Transaction, id: string, graceSeconds: number): Promise<ArtifactRow | null> {
    const [row] = await tx.query<ArtifactRow>(
      `UPDATE artifacts SET deleted_at = clock_timestamp()
       WHERE id = $1 AND deleted_at IS NULL AND updated_at < now() - make_interval(secs => $2)
       RETURNING id, storage_key AS "storageKey", digest`,
      [id, graceSeconds],
    );
    return row ?? null;
  }
}
