import { Injectable } from '@nestjs/common';
import { Database } from '@capsule/database';
import type { WorkItem } from './work-queue.js';

const CLAIM = {
  name: 'work-claim',
  text: 'SELECT subject_id AS "subjectId", tenant_id AS "tenantId", kind, lane FROM work_claim($1, $2, $3, $4, $5)',
};
const EXTEND = {
  name: 'work-extend',
  text: 'SELECT subject_id AS "subjectId", interrupted FROM work_extend($1, $2, $3)',
};

/**
 * Work of one lane never waits for that of another: restarts and drains go on while every build is slow, and so does
 * what a deployment needs beside its build (to be switched, to be canceled).
 */
export type WorkLane = 'build' | 'deployment' | 'instance';

export interface ClaimedWork extends WorkItem {
  lane: WorkLane;
}

/**
 * How many of a lane all processes together may hold, whosever they are; null: as many as they have hands. A build
 * takes a core and up to 2 GiB, so the machine has few of them.
 */
const HELD_MAX: Readonly<Record<WorkLane, number | null>> = { build: 4, deployment: null, instance: null };

/** The questions over all organizations: who has what in hand. They bring ids; work happens inside the tenant. */
@Injectable()
export class WorkLeases {
  constructor(private readonly database: Database) {}

  /** @param limits how many at most of each lane this call takes */
  claim(
    holder: string,
    leaseSeconds: number,
    limits: Readonly<Record<WorkLane, number>>,
  ): Promise<ClaimedWork[]> {
    const lanes = Object.keys(limits) as WorkLane[];
    const heldMax = lanes.map((lane) => HELD_MAX[lane]);
    return this.database.withoutTenant((tx) =>
      tx.query(CLAIM, [holder, leaseSeconds, lanes, Object.values(limits), heldMax]),
    );
  }

  /** @returns what of `inHand` is held still; of the rest the lease has run out */
  extend(
    holder: string,
    leaseSeconds: number,
    inHand: readonly string[],
  ): Promise<{ subjectId: string; interrupted: boolean }[]> {
    return this.database.withoutTenant((tx) => tx.query(EXTEND, [holder, leaseSeconds, inHand]));
  }

  async releaseAll(holder: string): Promise<void> {
    await this.database.withoutTenant((tx) => tx.query('SELECT work_release($1)', [holder]));
  }

  /** @returns ids of what was unfinished and in nobody's list */
  async repair(): Promise<string[]> {
    const rows = await this.database.withoutTenant((tx) =>
      tx.query<{ subject_id: string }>('SELECT subject_id FROM work_repair()'),
    );
    return rows.map((row) => row.subject_id);
  }
}
