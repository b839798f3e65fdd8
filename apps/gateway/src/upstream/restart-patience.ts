import { setTimeout as sleep } from 'node:timers/promises';
import type { RpcContract } from '@capsule/contracts';
import { DomainError, isRemote } from '@capsule/errors';
import { withNewDeadline } from '../http/request-context.js';

/** How long after its last answer a service is waited for. A restart takes a second or two, on a busy machine more. */
const ABSENCE_MAX_MS = 10_000;
const LOOK_AGAIN_MS = 100;

/**
 * Keeps requests while the service they are for is restarted, so that its callers do not see that it was. A call is
 * made again only when it has surely reached nobody, and only while the service answered a moment ago: one that is
 * really away is not waited for.
 */
export class RestartPatience {
  private lastAnswerAt = Number.NEGATIVE_INFINITY;

  /** @throws what `call` throws, unless it reached nobody and the service is back in time */
  async run<T>(contract: RpcContract, call: () => Promise<T>): Promise<T> {
    for (let attempt = call; ; attempt = () => withNewDeadline(contract, call)) {
      try {
        const answer = await attempt();
        this.lastAnswerAt = performance.now();
        return answer;
      } catch (error) {
        if (isRemote(error)) this.lastAnswerAt = performance.now();
        if (!reachedNobody(error) || performance.now() - this.lastAnswerAt > ABSENCE_MAX_MS) throw error;
      }
      await sleep(LOOK_AGAIN_MS);
    }
  }
}

/** Nobody serves the subject, or the bus is away and it was never sent: it has had no effect and will have none. */
function reachedNobody(error: unknown): boolean {
  return error instanceof DomainError && error.code === 'platform.upstream.unavailable' && !isRemote(error);
}
