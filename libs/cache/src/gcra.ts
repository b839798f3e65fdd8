/**
 * The generic cell rate algorithm: a key's whole state is the theoretical arrival time (TAT), the moment at which everything
 * taken so far will have been paid off at the steady rate. A request moves the TAT one interval ahead and is refused when that
 * would put it further than one window into the future. So a key may take its whole limit at once, then one per interval, and
 * no window border lets twice the limit through.
 */
export interface RateLimitRule {
  /** Requests per window. */
  limit: number;
  windowSeconds: number;
}

export interface RateLimitDecision {
  allowed: boolean;
  limit: number;
  /** Requests that may follow at once. */
  remaining: number;
  /** Whole seconds until one more is allowed; 0 when this one was. */
  retryAfterSeconds: number;
  /** Whole seconds until the whole limit is available again. */
  resetSeconds: number;
  /** 'local' when Redis was away and this process decided alone. */
  source: 'redis' | 'local';
}

/** The answer of either limiter in the unit it keeps, microseconds. */
export interface Verdict {
  allowed: boolean;
  /** From now until the key's state is as if it had never taken anything. */
  settledInUs: number;
  /** From now until one more is allowed. */
  waitUs: number;
}

const MICROSECONDS = 1_000_000;

export function intervalUs(rule: RateLimitRule): number {
  return Math.max(1, Math.floor((rule.windowSeconds * MICROSECONDS) / rule.limit));
}

export function windowUs(rule: RateLimitRule): number {
  return intervalUs(rule) * rule.limit;
}

export function decide(
  rule: RateLimitRule,
  verdict: Verdict,
  source: RateLimitDecision['source'],
): RateLimitDecision {
  const free = windowUs(rule) - verdict.settledInUs;
  return {
    allowed: verdict.allowed,
    limit: rule.limit,
    remaining: verdict.allowed ? Math.max(0, Math.floor(free / intervalUs(rule))) : 0,
    retryAfterSeconds: verdict.allowed ? 0 : Math.max(1, Math.ceil(verdict.waitUs / MICROSECONDS)),
    resetSeconds: Math.ceil(verdict.settledInUs / MICROSECONDS),
    source,
  };
}
