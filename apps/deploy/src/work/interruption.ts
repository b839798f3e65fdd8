/** Why a step is stopped from outside. None of them fails a deployment by itself. */

/** Something about the subject has changed (it was canceled): look at it anew. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/** The lease ran out, so another worker may have the subject in hand: write nothing more. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
}

/** This process ends; the next one resumes. */
export class ShuttingDown extends Error {
  override readonly name = 'ShuttingDown';
}

/** The step's deadline has passed. */
export class StepTimedOut extends Error {
  override readonly name = 'StepTimedOut';
}

export function isInterruption(error: unknown): boolean {
  return error instanceof Interrupted || error instanceof LeaseLost || error instanceof ShuttingDown;
}
