import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import { EdgeReconciler } from '../../edge/edge-reconciler.js';
import { Worker } from '../../work/worker.js';
import { InstanceReconciler } from './instance-reconciler.js';
import { Reaper } from './reaper.js';

/** What deploy does on its own. A command of the service builds the modules and never starts it. */
@Injectable()
export class RolloutWorkers implements BeforeApplicationShutdown {
  private started = false;

  constructor(
    private readonly edge: EdgeReconciler,
    private readonly instances: InstanceReconciler,
    private readonly worker: Worker,
    private readonly reaper: Reaper,
  ) {}

  start(): void {
    this.started = true;
    this.edge.start();
    this.instances.start();
    this.worker.start();
    this.reaper.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    if (!this.started) return;
    await Promise.all([this.worker.stop(), this.reaper.stop(), this.instances.stop(), this.edge.stop()]);
  }
}
