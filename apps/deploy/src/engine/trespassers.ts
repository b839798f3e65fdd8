import { Logger } from '@nestjs/common';
import type { EngineHome } from './engine-home.js';
import type { Run } from './run.js';
import { listenersBetween } from './runner/process-table.mjs';

/** What the engine knows of the ports it gives to instances. */
export interface GivenPorts {
  min: number;
  max: number;
  /** Users of the instances that are known, by port. */
  owners(): ReadonlyMap<number, number | null>;
  /** The port of a run as it was recorded; null for a build or fetch, which has none. */
  portOf(run: Run): number | null;
}

/**
 * For a look the kernel goes through all its connections, for 4 ms. Every second, that would be a quarter of what all
 * services take at rest.
 */
const LOOK_INTERVAL_MS = 5_000;

/**
 * Ends what listens on a port of instances that is not its own: it could be taken for another app once that has
 * crashed, or keep it from starting. Runs are told apart by their users, so without users nobody is found.
 */
export class Trespassers {
  private readonly logger = new Logger(Trespassers.name);
  private readonly ending = new Set<string>();
  private nextLookAt = 0;

  constructor(
    private readonly home: EngineHome,
    private readonly ports: GivenPorts,
  ) {}

  look(): void {
    const now = performance.now();
    if (!this.home.users.isolation.isolated || now < this.nextLookAt) return;
    this.nextLookAt = now + LOOK_INTERVAL_MS;
    const { min, max } = this.ports;
    const owners = this.ports.owners();
    const strangers = listenersBetween(min, max).filter(({ uid, port }) => owners.get(port) !== uid);
    if (strangers.length === 0) return;
    const runs = new Map(this.home.runs().map((run) => [run.uid, run]));
    for (const { port, uid } of strangers) {
      const run = runs.get(uid);
      if (run && this.ports.portOf(run) !== port && !this.ending.has(run.id)) void this.end(run, port);
    }
  }

  /** What is stuck in the kernel holds up no other, and the next look tries again. */
  private async end(run: Run, port: number): Promise<void> {
    this.ending.add(run.id);
    try {
      run.markEndedFor(`listened on port ${port}, which is not its own`);
      await run.kill();
    } catch (error) {
      this.logger.error('What listens on the port of another could not be ended', error, {
        run: run.id,
        port,
      });
    } finally {
      this.ending.delete(run.id);
    }
  }
}
