import { Injectable } from '@nestjs/common';
import { OutboxWorkers } from '@capsule/outbox';
import { SampleUpkeep } from './sample/sample.upkeep.js';
import { UsageRecorder } from './usage/usage.recorder.js';

/** What runs in the background of monitor. A command of the service starts none of it. */
@Injectable()
export class Workers {
  constructor(
    private readonly outbox: OutboxWorkers,
    private readonly upkeep: SampleUpkeep,
    private readonly usage: UsageRecorder,
  ) {}

  start(): void {
    this.upkeep.start();
    this.outbox.start();
    this.usage.start();
  }
}
