import { Logger } from '@nestjs/common';
import type { EngineHome } from './engine-home.js';
import type { Run } from './run.js';
import { ProcessTable } from './runner/process-table.mjs';

/**
 * Holds the memory limit of every run (instance, build, git fetch) on a machine without control groups: each look
 * ends what has more resident than it may. Who waits for the run finds it ended as one that exceeded its memory.
 */
export class MemoryWatchdog {
  private readonly logger = new Logger(MemoryWatchdog.name);
  private readonly ending = new Set<string>();

  constructor(private readonly home: EngineHome) {}

  look(): void {
    const table = new ProcessTable();
    for (const run of this.home.runs()) {
      if (!this.ending.has(run.id) && run.exceedsMemory(table)) void this.end(run);
    }
  }

  /** What is stuck in the kernel holds up no other, and the next look tries again. */
  private async end(run: Run): Promise<void> {
    this.ending.add(run.id);
    try {
      run.markMemoryExceeded();
      await run.kill();
    } catch (error) {
      this.logger.error('A run could not be ended for its memory', error, { run: run.id });
    } finally {
      this.ending.delete(run.id);
    }
  }
}
