import { Injectable } from '@nestjs/common';
import type { Transaction } from '@capsule/database';
import { LeaseLost } from './interruption.js';

export type WorkKind = 'deployment' | 'instance';

export interface WorkItem {
  subjectId: string;
  tenantId: string;
  kind: WorkKind;
}

/** So that a work item is due when its waker looks, although the two clocks differ a little. */
const MARGIN_MS = 20;

interface Listener {
  wake(): void;
  /** Somebody knows when the next work is due. */
  wakeIn(milliseconds: number): void;
  interrupt(subjectId: string): void;
}

/**
 * What is to be done, in the same transaction as the reason for it; the worker of this process hears of it when the
 * transaction has committed, another's at its next look.
 */
@Injectable()
export class WorkQueue {
  private listener: Listener | undefined;

  listen(listener: Listener): void {
    this.listener = listener;
  }

  async add(tx: Transaction, subjectId: string, kind: WorkKind, delaySeconds = 0): Promise<void> {
    await tx.query(
      `INSERT INTO work_items (subject_id, tenant_id, kind, due_at)
       VALUES ($1, $2, $3, clock_timestamp() + make_interval(secs => $4))
       ON CONFLICT ON CONSTRAINT pk_work_items DO NOTHING`,
      [subjectId, tx.tenantId, kind, delaySeconds],
    );
    this.wakeAfter(tx, delaySeconds);
  }

  async remove(tx: Transaction, subjectId: string): Promise<void> {
    await tx.query('DELETE FROM work_items WHERE subject_id = $1', [subjectId]);
  }

  /** Whoever works on the subject stops and looks at it anew. */
  async interrupt(tx: Transaction, subjectId: string): Promise<void> {
    await tx.query(
      `UPDATE work_items
       SET interrupted = holder IS NOT NULL, due_at = CASE WHEN holder IS NULL THEN clock_timestamp() ELSE due_at END
       WHERE subject_id = $1`,
      [subjectId],
    );
    tx.afterCommit(() => this.listener?.interrupt(subjectId));
    this.wakeAfter(tx);
  }

  /** A turn to build became free: the organization's oldest deployment that waits for one looks again. */
  async wakeNextBuild(tx: Transaction): Promise<void> {
    await this.wakeOldest(tx, 'd.artifact_id IS NULL', []);
  }

  /** The app is not being updated any more: the oldest of its built deployments looks again. */
  async wakeNextUpdate(tx: Transaction, appId: string): Promise<void> {
    await this.wakeOldest(tx, 'd.artifact_id IS NOT NULL AND d.app_id = $2', [appId]);
  }

  /**
   * To be called in every transaction that writes what a step has brought about: until it ends nobody else can take
   * the work over. Locks are taken in the order app, work item, quotas, so that nobody waits in a circle.
   * @throws LeaseLost when the lease ran out and another may have the work in hand
   */
  async hold(tx: Transaction, subjectId: string, holder: string): Promise<void> {
    const held = await tx.query(
      'SELECT FROM work_items WHERE subject_id = $1 AND holder = $2 AND due_at > clock_timestamp() FOR UPDATE',
      [subjectId, holder],
    );
    if (held.length === 0) throw new LeaseLost();
  }

  /** Lets go of the work; somebody looks at it again after the time. */
  async postpone(tx: Transaction, subjectId: string, holder: string, delaySeconds: number): Promise<void> {
    await this.release(tx, subjectId, holder, delaySeconds, 0);
  }

  /** @returns how often in a row it has failed, this time included; null when it is not held any more */
  async countFailure(tx: Transaction, subjectId: string, holder: string): Promise<number | null> {
    const [item] = await tx.query<{ failures: number }>(
      'SELECT failures + 1 AS failures FROM work_items WHERE subject_id = $1 AND holder = $2 FOR UPDATE',
      [subjectId, holder],
    );
    return item?.failures ?? null;
  }

  async release(
    tx: Transaction,
    subjectId: string,
    holder: string,
    delaySeconds: number,
    failures: number,
  ): Promise<void> {
    await tx.query(
      `UPDATE work_items SET holder = NULL, due_at = clock_timestamp() + make_interval(secs => $3), failures = $4
       WHERE subject_id = $1 AND holder = $2`,
      [subjectId, holder, delaySeconds, failures],
    );
    this.wakeAfter(tx, delaySeconds);
  }

  private async wakeOldest(tx: Transaction, condition: string, parameters: unknown[]): Promise<void> {
    // One that is locked is being looked at right now, under a lock that orders it before or after this change.
    await tx.query(
      `UPDATE work_items SET due_at = clock_timestamp()
       WHERE subject_id = (
         SELECT w.subject_id FROM work_items w
         JOIN deployments d ON d.tenant_id = w.tenant_id AND d.id = w.subject_id
         WHERE w.tenant_id = $1 AND w.holder IS NULL AND d.state = 'queued' AND ${condition}
         ORDER BY d.created_at, d.id LIMIT 1
         FOR UPDATE OF w SKIP LOCKED)`,
      [tx.tenantId, ...parameters],
    );
    this.wakeAfter(tx);
  }

  private wakeAfter(tx: Transaction, delaySeconds = 0): void {
    tx.afterCommit(() => {
      if (delaySeconds === 0) this.listener?.wake();
      else this.listener?.wakeIn(delaySeconds * 1000 + MARGIN_MS);
    });
  }
}
