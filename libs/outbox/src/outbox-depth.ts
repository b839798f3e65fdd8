import { Injectable } from '@nestjs/common';
import { gauge } from '@capsule/telemetry';
import { OutboxRows } from './outbox-rows.js';

type Depth = Awaited<ReturnType<OutboxRows['depth']>>;

/** How much waits to be published, counted when somebody scrapes and never in between. */
@Injectable()
export class OutboxDepth {
  constructor(private readonly rows: OutboxRows) {
    this.expose('capsule_outbox_depth', 'Events that are not published', (depth) => depth.unpublished);
    this.expose(
      'capsule_outbox_oldest_age_seconds',
      'Age of the oldest event that is not published',
      (depth) => depth.oldestAgeSeconds,
    );
  }

  private expose(name: `capsule_${string}`, help: string, valueOf: (depth: Depth) => number): void {
    const { rows } = this;
    gauge({
      name,
      help,
      async collect() {
        // While the database is away there is no value; the other metrics must still be told.
        await rows.depth().then(
          (depth) => this.set(valueOf(depth)),
          () => this.remove(),
        );
      },
    });
  }
}
