import type { Reporter } from './reporter.js';
import { AlreadyRunningError } from './supervisor-lock.js';

/**
 * Runs a command to its end; a failure is told in one message. An instance that runs already is what was asked for.
 * @returns the exit code: what the command itself says, or else 0, or 1 after a failure.
 */
export async function exitCodeOf(reporter: Reporter, run: () => Promise<number | void>): Promise<number> {
  try {
    return (await run()) ?? 0;
  } catch (error) {
    if (error instanceof AlreadyRunningError) {
      reporter.note(`${error.message} npm run status shows it, npm stop ends it.`);
      return 0;
    }
    reporter.failure((error as Error).message);
    return 1;
  }
}
