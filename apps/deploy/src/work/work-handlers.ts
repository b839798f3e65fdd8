import { Injectable } from '@nestjs/common';
import type { WorkItem, WorkKind } from './work-queue.js';

/** Work in hand: under a lease that is extended until it is let go. */
export interface HeldWork extends WorkItem {
  holder: string;
  /** Aborted with an interruption (see interruption.ts): stop, write nothing more, rethrow it. */
  signal: AbortSignal;
}

export interface WorkHandler {
  /** Returns when the work was let go: it is done and removed, or postponed. */
  run(work: HeldWork): Promise<void>;
  /** The work fails again and again by a fault that is no one's but the platform's. */
  giveUp(work: HeldWork): Promise<void>;
}

/** Who does which kind of work: features register themselves, so the worker knows none of them. */
@Injectable()
export class WorkHandlers {
  private readonly handlers = new Map<WorkKind, WorkHandler>();

  register(kind: WorkKind, handler: WorkHandler): void {
    this.handlers.set(kind, handler);
  }

  of(kind: WorkKind): WorkHandler {
    const handler = this.handlers.get(kind);
    if (!handler) throw new Error(`nobody does ${kind} work`);
    return handler;
  }
}
