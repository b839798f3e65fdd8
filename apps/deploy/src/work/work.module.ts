import { Module } from '@nestjs/common';
import { WorkHandlers } from './work-handlers.js';
import { WorkLeases } from './work-leases.js';
import { WorkQueue } from './work-queue.js';
import { Worker } from './worker.js';

@Module({
  providers: [Worker, WorkHandlers, WorkLeases, WorkQueue],
  exports: [Worker, WorkHandlers, WorkLeases, WorkQueue],
})
export class WorkModule {}
