/** One dependency of a process, as readiness sees it. Libs that own a dependency export one; apps list theirs. */
export interface Indicator {
  /** Key in the answer of /health/ready, such as `database`. */
  readonly name: string;
  /** The process serves on without it, only less well: down is told as `degraded` and readiness holds. */
  readonly optional?: boolean;
  /** May also reject: that counts as down. `detail` is shown to whoever asks, so it holds no secret. */
  check(): Promise<{ up: boolean; detail?: string }>;
}
