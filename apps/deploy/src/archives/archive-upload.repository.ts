import { Injectable } from '@nestjs/common';
import { type Transaction, uuidv7 } from '@capsule/database';

/** Uploads that no deployment was created of yet. */
@Injectable()
export class ArchiveUploadRepository {
  /** @param validSeconds after which the reaper may delete the upload with its object */
  async insert(tx: Transaction, appId: string, validSeconds: number): Promise<string> {
    const id = uuidv7();
    await tx.query(
      `INSERT INTO archive_uploads (id, tenant_id, app_id, expires_at)
       VALUES ($1, $2, $3, clock_timestamp() + make_interval(secs => $4))`,
      [id, tx.tenantId, appId, validSeconds],
    );
    return id;
  }

  /** From here on the object belongs to whoever commits this. @returns false when there is no such upload of the app */
  async remove(tx: Transaction, appId: string, id: string): Promise<boolean> {
    const removed = await tx.query('DELETE FROM archive_uploads WHERE id = $1 AND app_id = $2 RETURNING id', [
      id,
      appId,
    ]);
    return removed.length > 0;
  }

  /** Nobody writes or reads the object any more: the reaper need not wait. */
  async updateExpired(tx: Transaction, id: string): Promise<void> {
    await tx.query('UPDATE archive_uploads SET expires_at = clock_timestamp() WHERE id = $1', [id]);
  }

  /** @returns false when a deployment was created of it since it was found expired */
  async removeExpired(tx: Transaction, id: string): Promise<boolean> {
    const removed = await tx.query(
      'DELETE FROM archive_uploads WHERE id = $1 AND expires_at <= clock_timestamp() RETURNING id',
      [id],
    );
    return removed.length > 0;
  }
}
