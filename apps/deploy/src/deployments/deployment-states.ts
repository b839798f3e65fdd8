import { type DeploymentState, deploymentStates } from '@capsule/contracts';

/**
 * Every way from state to state. The trigger check_deployment_transition holds the same pairs, so that not even a
 * statement typed by hand can take another.
 */
export const transitions: Readonly<Record<DeploymentState, readonly DeploymentState[]>> = {
  created: ['queued', 'canceled', 'superseded'],
  // With an artifact (a rollback, or built and waiting for its turn) the next state is update_in_progress.
  queued: ['build_in_progress', 'update_in_progress', 'canceled', 'superseded'],
  build_in_progress: ['queued', 'build_failed', 'canceled', 'superseded'],
  update_in_progress: ['live', 'update_failed', 'canceled'],
  live: ['superseded', 'deactivated'],
  build_failed: [],
  update_failed: [],
  superseded: [],
  deactivated: [],
  canceled: [],
};

export function isEnded(state: DeploymentState): boolean {
  return transitions[state].length === 0;
}

/** States in which a deployment is on its way to being live: there is work to do for it. */
export const unfinishedStates: readonly DeploymentState[] = deploymentStates.filter(
  (state) => !isEnded(state) && state !== 'live',
);

export function canChange(from: DeploymentState, to: DeploymentState): boolean {
  return transitions[from].includes(to);
}
