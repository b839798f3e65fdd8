import type { HttpSettings } from './settings.js';

/** A part that gave up in time leaves this share for what ends after it: the last events, answers, connections. */
const PARTS_SHARE = 0.8;
/** A process that cuts itself off says so in its log and exits; nobody should kill it while it does. */
const EXIT_MS = 2_000;

/**
 * How long whom an orderly end may take, all from SHUTDOWN_GRACE_SECONDS: whoever waits for something else is the more
 * patient one, so that what is stuck is named by the process it is stuck in.
 */
export function shutdownDeadlines({
  drainDelayMs,
  graceSeconds,
}: Pick<HttpSettings, 'drainDelayMs' | 'graceSeconds'>) {
  const graceMs = graceSeconds * 1_000;
  return {
    /** From its own stop on: a part of a process that can leave what it does to a successor. */
    partMs: graceMs * PARTS_SHARE,
    /** From the signal on: the process, which then exits as it is. */
    processMs: drainDelayMs + graceMs,
    /** From the signal on: whoever sent it, and kills then. */
    supervisorMs: drainDelayMs + graceMs + EXIT_MS,
  };
}
