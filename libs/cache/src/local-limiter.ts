import { intervalUs, type RateLimitRule, type Verdict, windowUs } from './gcra.js';

/** Who floods us under ever new keys gets no memory for it: the oldest keys are forgotten, which only lets them begin anew. */
const KEYS_MAX = 20_000;

/** The same algorithm in the memory of this process, for as long as Redis is away. */
export class LocalLimiter {
  private readonly arrivals = new Map<string, number>();

  /** @param nowMs milliseconds of a clock that never goes back */
  constructor(private readonly nowMs: () => number = () => performance.now()) {}

  get size(): number {
    return this.arrivals.size;
  }

  take(key: string, rule: RateLimitRule): Verdict {
    const now = this.nowMs() * 1_000;
    const arrival = Math.max(this.arrivals.get(key) ?? now, now);
    const next = arrival + intervalUs(rule);
    const waitUs = next - windowUs(rule) - now;
    if (waitUs > 0) return { allowed: false, settledInUs: arrival - now, waitUs };
    this.arrivals.delete(key);
    this.arrivals.set(key, next);
    this.forget();
    return { allowed: true, settledInUs: next - now, waitUs: 0 };
  }

  /** Redis decides again: what was taken meanwhile is let go. */
  clear(): void {
    this.arrivals.clear();
  }

  private forget(): void {
    if (this.arrivals.size <= KEYS_MAX) return;
    const oldest = this.arrivals.keys().next();
    if (!oldest.done) this.arrivals.delete(oldest.value);
  }
}
