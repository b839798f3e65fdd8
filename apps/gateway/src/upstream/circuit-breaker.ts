/**
 * Stops asking a service that does not answer, so that its callers fail at once instead of each waiting for a timeout.
 *
 *   closed     every call goes through; failures in a row are counted
 *   open       every call is refused until `openMs` have passed
 *   half open  one call goes through as a trial, the others are still refused; its outcome closes or opens again
 *
 * Only what says "the service cannot be reached" counts as a failure (see `isOutage`): an answer of any kind, also an
 * error, proves the service alive. Late outcomes of calls begun before the breaker opened change nothing.
 *
 * Our own because the maintained libraries want a newer Node than this platform does, and because the one that ran
 * here lets callers queue behind the trial, which is the very wait a breaker is there to spare them.
 */
import { DomainError, isRemote } from '@capsule/errors';

export interface CircuitBreakerOptions {
  /** Failures in a row that open it. */
  failures: number;
  openMs: number;
  /** Told when it opens or closes. */
  onChange: (state: 'open' | 'closed') => void;
}

type State = { name: 'closed'; failures: number } | { name: 'open'; until: number } | { name: 'half-open' };

export class CircuitBreaker {
  private state: State = { name: 'closed', failures: 0 };

  constructor(
    private readonly name: string,
    private readonly options: CircuitBreakerOptions,
  ) {}

  /** @throws DomainError platform.upstream.unavailable while open, and whatever the work throws */
  async run<T>(work: () => Promise<T>): Promise<T> {
    const admitted = this.admit();
    try {
      const result = await work();
      this.answered(admitted);
      return result;
    } catch (error) {
      if (isOutage(error)) this.failed(admitted);
      else this.answered(admitted);
      throw error;
    }
  }

  /** The state a call was let through in; only an outcome that still belongs to the present state counts. */
  private admit(): State {
    if (this.state.name === 'closed') return this.state;
    const waitMs = this.state.name === 'open' ? this.state.until - performance.now() : this.options.openMs;
    if (waitMs > 0) {
      throw new DomainError('platform.upstream.unavailable', {
        detail: `The ${this.name} service does not answer.`,
        retryAfterSeconds: waitMs / 1000,
      });
    }
    this.state = { name: 'half-open' };
    return this.state;
  }

  private answered(admitted: State): void {
    if (admitted !== this.state) return;
    if (admitted.name === 'closed') {
      admitted.failures = 0;
    } else {
      this.state = { name: 'closed', failures: 0 };
      this.options.onChange('closed');
    }
  }

  private failed(admitted: State): void {
    if (admitted !== this.state) return;
    if (admitted.name === 'closed' && ++admitted.failures < this.options.failures) return;
    this.state = { name: 'open', until: performance.now() + this.options.openMs };
    if (admitted.name === 'closed') this.options.onChange('open');
  }
}

/** An outage of the way to the service; the same codes answered by the service itself speak of something behind it. */
function isOutage(error: unknown): boolean {
  if (!(error instanceof DomainError)) return true;
  if (isRemote(error)) return false;
  return error.code === 'platform.upstream.unavailable' || error.code === 'platform.upstream.timeout';
}
