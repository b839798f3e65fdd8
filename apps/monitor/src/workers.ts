import { Injectable } from '@nestjs/common';
import { OutboxWorkers } from '@capsule/outbox';
import { SamplePurge } from './sample/sample-purge.js';
import { UsageRecorder } from './usage/usage-recorder.js';

/** What runs in the background of monitor. A command of the service starts none of it. */
@Injectable()
export class Workers {
  constructor(
    private readonly outbox: OutboxWorkers,
    private readonly purge: SamplePurge,
    private readonly usage: UsageRecorder,
  ) {}

  start(): void {
    this.purge.start();
    this.outbox.start();
    this.usage.start();
  }
}
