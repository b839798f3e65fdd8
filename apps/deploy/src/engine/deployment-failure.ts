import type { DeploymentFailureReason } from '@capsule/contracts';

/** Ends a deployment with a typed reason. Not for faults of the platform that a retry may heal: those are plain errors. */
export class DeploymentFailure extends Error {
  override readonly name = 'DeploymentFailure';

  /** @param detail shown to the organization: no path, address or secret of the platform in it */
  constructor(
    readonly reason: DeploymentFailureReason,
    readonly detail: string,
    options?: { cause?: unknown },
  ) {
    super(`${reason}: ${detail}`, options);
  }
}
