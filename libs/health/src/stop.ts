import { setTimeout as sleep } from 'node:timers/promises';
import { type HttpSettings, shutdownDeadlines } from '@capsule/config';
import type { Logger, Tracing } from '@capsule/telemetry';
import type { INestApplication } from '@nestjs/common';
import type { ShutdownState } from './shutdown-state.js';

interface Stoppable {
  app: INestApplication;
  state: ShutdownState;
  tracing: Tracing | undefined;
  logger: Logger;
  http: HttpSettings;
}

/** SIGTERM and SIGINT drain the process once; a further signal changes nothing (a terminal and a supervisor may both send one). */
export function stopOnSignals(parts: Stoppable): void {
  const { logger } = parts;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (parts.state.phase === 'draining') return;
    parts.state.draining();
    logger.info({ signal }, 'Stopping');
    stop(parts).then(
      () => process.exit(0),
      (error: unknown) => {
        logger.error({ err: error }, 'Could not stop in order');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}

/** What is stuck is cut off: whoever comes next resumes it from the database, and nobody waits for this process for ever. */
async function stop({ app, tracing, logger, http }: Stoppable): Promise<void> {
  setTimeout(() => {
    logger.error({ graceSeconds: http.graceSeconds }, 'Draining took too long; what still runs is cut off');
    process.exit(1);
  }, shutdownDeadlines(http).processMs);
  await sleep(http.drainDelayMs);
  const startedAt = performance.now();
  await app.close();
  await tracing?.stop();
  logger.info({ drainedInMs: Math.round(performance.now() - startedAt) }, 'Stopped');
}
