/**
 * Takes due work from the database, as much of each lane at a time as it has hands for it, and has it done under
 * leases.
 *
 *   due -> held (lease, extended every few seconds) -> removed      done
 *                                                   -> postponed    waits for its time or its turn
 *                                                   -> due again    interrupted: something changed, look anew
 *                                                   -> postponed    failed by a fault of the platform, with backoff
 *                                                   -> given up     failed too often in a row
 *
 * Invariants
 *  - One holder at a time: work is claimed with SKIP LOCKED, and whoever writes a result locks the work item and
 *    checks that the lease is its own still. A worker that was asleep for too long writes nothing.
 *  - Nothing is lost: the row goes only in the transaction that makes the work unnecessary.
 *  - Nothing is held that is not in hand: only leases of what is worked on are extended, so what could not be let go
 *    (no database just then) is due again when its lease runs out.
 *
 * Crash: leases run out after LEASE_SECONDS and another worker, or the next life of this one, claims the work and
 * resumes it from what the database says. An orderly end hands the leases back at once.
 *
 * The worker sleeps until somebody wakes it (a commit in this process, a postponed item whose time has come) and
 * looks by itself every LOOK_EVERY_MS, by one query, for what a crash or another process left.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { shutdownDeadlines } from '@capsule/config';
import { Database } from '@capsule/database';
import { type Actor, runInContext } from '@capsule/telemetry';
import { config, type DeploySettings } from '../config.js';
import { Interrupted, isInterruption, LeaseLost, ShuttingDown } from './interruption.js';
import type { HeldWork } from './work-handlers.js';
import { WorkHandlers } from './work-handlers.js';
import { type ClaimedWork, WorkLeases, type WorkLane } from './work-leases.js';
import { WorkQueue } from './work-queue.js';

/** Hands of each lane. Builds are bounded over all processes, too (see work-leases.ts). */
const HANDS: Readonly<Record<WorkLane, number>> = { build: 4, deployment: 16, instance: 16 };
const LEASE_SECONDS = 15;
const EXTEND_EVERY_MS = 4_000;
const LOOK_EVERY_MS = 5_000;
const FAILURES_MAX = 8;
const FAILURE_DELAY_SECONDS_MAX = 30;

const ACTOR: Actor = { type: 'system', id: 'deploy-worker' };

interface Hand {
  lane: WorkLane;
  work: HeldWork;
  abort: (reason: Error) => void;
  done: Promise<void>;
}

@Injectable()
export class Worker {
  private readonly logger = new Logger(Worker.name);
  /** A new one in each life: what an earlier life held is somebody else's. */
  private readonly holder = randomUUID();
  private readonly hands = new Map<string, Hand>();
  private timer: NodeJS.Timeout | undefined;
  private extender: NodeJS.Timeout | undefined;
  private looking: Promise<void> | undefined;
  private lookAgain = false;
  private stopped = true;
  private readonly stopMs: number;

  constructor(
    private readonly database: Database,
    private readonly leases: WorkLeases,
    private readonly queue: WorkQueue,
    private readonly handlers: WorkHandlers,
    @Inject(config.KEY) settings: Pick<DeploySettings, 'http'>,
  ) {
    this.stopMs = shutdownDeadlines(settings.http).partMs;
  }

  start(): void {
    this.stopped = false;
    this.queue.listen({
      wake: () => this.wake(),
      wakeIn: (milliseconds) => void setTimeout(() => this.wake(), milliseconds).unref(),
      interrupt: (subjectId) => this.hands.get(subjectId)?.abort(new Interrupted()),
    });
    this.extender = setInterval(() => void this.extend(), EXTEND_EVERY_MS);
    this.wake();
  }

  /** Interrupts what is in hand, waits its time for it to let go and hands the leases back. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.looking;
    for (const hand of this.hands.values()) hand.abort(new ShuttingDown());
    const letGo = Promise.all([...this.hands.values()].map((hand) => hand.done));
    await Promise.race([letGo, sleep(this.stopMs, undefined, { ref: false })]);
    clearInterval(this.extender);
    if (this.hands.size > 0) {
      // Still ours as long as we live: its lease runs out after us.
      this.logger.warn('Some work would not let go', { pieces: this.hands.size });
      return;
    }
    await this.leases.releaseAll(this.holder).catch((error: unknown) => this.logger.warn(error));
  }

  private wake(): void {
    if (this.stopped) return;
    this.lookAgain = true;
    this.looking ??= this.look().finally(() => (this.looking = undefined));
  }

  private async look(): Promise<void> {
    clearTimeout(this.timer);
    while (this.lookAgain && !this.stopped) {
      this.lookAgain = false;
      const free = this.freeHands();
      if (Object.values(free).every((count) => count === 0)) break;
      try {
        // What is left when all hands are full is claimed when the first of them has finished.
        for (const item of await this.leases.claim(this.holder, LEASE_SECONDS, free)) this.take(item);
      } catch (error) {
        this.logger.warn('Could not look for work', error);
      }
    }
    if (!this.stopped) this.timer = setTimeout(() => this.wake(), LOOK_EVERY_MS);
  }

  private freeHands(): Record<WorkLane, number> {
    const free = { ...HANDS };
    for (const { lane } of this.hands.values()) free[lane] -= 1;
    return free;
  }

  private take({ lane, ...item }: ClaimedWork): void {
    const previous = this.hands.get(item.subjectId);
    // Our own lease ran out without our noticing, and we claimed the work again.
    previous?.abort(new LeaseLost());
    const controller = new AbortController();
    const work: HeldWork = { ...item, holder: this.holder, signal: controller.signal };
    const context = { requestId: randomUUID(), tenantId: item.tenantId, actor: ACTOR };
    const hand: Hand = {
      lane,
      work,
      abort: (reason) => controller.abort(reason),
      done: (previous?.done ?? Promise.resolve()).then(() => runInContext(context, () => this.run(hand))),
    };
    this.hands.set(item.subjectId, hand);
  }

  private async run(hand: Hand): Promise<void> {
    const { work } = hand;
    try {
      work.signal.throwIfAborted();
      await this.handlers.of(work.kind).run(work);
    } catch (error) {
      await this.letGo(work, error).catch((failure: unknown) =>
        this.logger.error('Could not let go of work', failure, {
          kind: work.kind,
          subjectId: work.subjectId,
        }),
      );
    } finally {
      if (this.hands.get(work.subjectId) === hand) this.hands.delete(work.subjectId);
      this.wake();
    }
  }

  private async letGo(work: HeldWork, error: unknown): Promise<void> {
    const { subjectId, tenantId, holder } = work;
    if (error instanceof LeaseLost) return;
    if (isInterruption(error)) {
      await this.database.withTenant(tenantId, (tx) => this.queue.postpone(tx, subjectId, holder, 0));
      return;
    }
    this.logger.error('Work failed', error, { kind: work.kind, subjectId });
    const isLast = await this.database.withTenant(tenantId, async (tx) => {
      const failures = await this.queue.countFailure(tx, subjectId, holder);
      if (failures === null) return false;
      if (failures >= FAILURES_MAX) return true;
      await this.queue.release(tx, subjectId, holder, delaySeconds(failures), failures);
      return false;
    });
    if (isLast) await this.handlers.of(work.kind).giveUp(work);
  }

  private async extend(): Promise<void> {
    if (this.hands.size === 0) return;
    const asked = [...this.hands.values()];
    const subjectIds = asked.map((hand) => hand.work.subjectId);
    try {
      const held = new Map(
        (await this.leases.extend(this.holder, LEASE_SECONDS, subjectIds)).map((h) => [h.subjectId, h]),
      );
      for (const hand of asked) {
        const lease = held.get(hand.work.subjectId);
        if (!lease) hand.abort(new LeaseLost());
        else if (lease.interrupted) hand.abort(new Interrupted());
      }
    } catch (error) {
      // The next try, or the lease's end, which the transactions check.
      this.logger.warn('Could not extend the leases', error);
    }
  }
}

function delaySeconds(failures: number): number {
  return Math.min(FAILURE_DELAY_SECONDS_MAX, 2 ** (failures - 1));
}
