import { Injectable } from '@nestjs/common';
import { Database, uuidv7 } from '@capsule/database';
import { DeploymentFailure } from '../../engine/deployment-failure.js';
import { isInterruption } from '../../work/interruption.js';
import type { HeldWork } from '../../work/work-handlers.js';
import { WorkQueue } from '../../work/work-queue.js';
import { withDeadline } from './deadline.js';

export type StepName = 'build' | 'start' | 'health' | 'switch' | 'cancel';

/** A step that is cut again and again (it may be what kills the service) is not begun for ever. */
const ATTEMPTS_MAX = 10;

type Outcome = 'done' | 'failed' | 'canceled' | 'interrupted';

/** Runs steps of deployments: each is written down before it begins and when it ended, and has a deadline. */
@Injectable()
export class StepLog {
  constructor(
    private readonly database: Database,
    private readonly queue: WorkQueue,
  ) {}

  /**
   * @param work see withDeadline
   * @throws StepTimedOut, what `work` throws, DeploymentFailure platform_error after too many attempts
   */
  async run<T>(
    held: HeldWork,
    step: StepName,
    timeoutSeconds: number,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    held.signal.throwIfAborted();
    const id = await this.begin(held, step, timeoutSeconds);
    try {
      const result = await withDeadline(held.signal, step, timeoutSeconds, work);
      await this.end(held, id, 'done');
      return result;
    } catch (error) {
      await this.end(held, id, isInterruption(error) ? 'interrupted' : 'failed');
      throw error;
    }
  }

  private begin(held: HeldWork, step: StepName, timeoutSeconds: number): Promise<string> {
    const { subjectId, tenantId, holder } = held;
    return this.database.withTenant(tenantId, async (tx) => {
      await this.queue.hold(tx, subjectId, holder);
      // One without an end was cut by a crash.
      await tx.query(
        `UPDATE deployment_steps SET finished_at = clock_timestamp(), outcome = 'interrupted'
         WHERE deployment_id = $1 AND finished_at IS NULL`,
        [subjectId],
      );
      const [last] = await tx.query<{ attempt: number }>(
        `SELECT coalesce(max(attempt), 0) AS attempt FROM deployment_steps WHERE deployment_id = $1 AND step = $2`,
        [subjectId, step],
      );
      const attempt = (last?.attempt ?? 0) + 1;
      if (attempt > ATTEMPTS_MAX) {
        throw new DeploymentFailure('platform_error', `The step "${step}" was interrupted too often.`);
      }
      const id = uuidv7();
      await tx.query(
        `INSERT INTO deployment_steps (id, tenant_id, deployment_id, step, attempt, deadline_at)
         VALUES ($1, $2, $3, $4, $5, clock_timestamp() + make_interval(secs => $6))`,
        [id, tenantId, subjectId, step, attempt, timeoutSeconds],
      );
      return id;
    });
  }

  private async end(held: HeldWork, id: string, outcome: Outcome): Promise<void> {
    await this.database.withTenant(held.tenantId, (tx) =>
      tx.query(
        'UPDATE deployment_steps SET finished_at = clock_timestamp(), outcome = $2 WHERE id = $1 AND outcome IS NULL',
        [id, outcome],
      ),
    );
  }
}
