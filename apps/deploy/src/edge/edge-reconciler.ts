import { Injectable, Logger } from '@nestjs/common';
import { Edge } from './edge.js';

const LOOK_EVERY_MS = 5_000;

/** Notices that the edge was restarted or lost its routes, and gives them to it again. */
@Injectable()
export class EdgeReconciler {
  private readonly logger = new Logger(EdgeReconciler.name);
  private timer: NodeJS.Timeout | undefined;
  private looking: Promise<void> = Promise.resolve();
  private reachable = true;
  private stopped = false;

  constructor(private readonly edge: Edge) {}

  start(): void {
    this.looking = this.look(true);
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.looking;
  }

  private async look(first = false): Promise<void> {
    try {
      if (first || !(await this.edge.isInPlace())) {
        await this.edge.apply();
        this.logger.log('The edge was given its routes');
      }
      this.reachable = true;
    } catch (error) {
      if (this.reachable) this.logger.error('The edge has not got its routes', error);
      this.reachable = false;
    }
    if (!this.stopped) this.timer = setTimeout(() => (this.looking = this.look()), LOOK_EVERY_MS);
  }
}
