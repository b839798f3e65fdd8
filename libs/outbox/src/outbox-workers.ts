import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { RpcServer } from '@capsule/messaging';
import { ConsumerRunner } from './consumer-runner.js';
import { HistoryPurge } from './history-purge.js';
import { Relay } from './relay.js';

/** What runs in the background of a service, and in which order it ends. */
@Injectable()
export class OutboxWorkers implements BeforeApplicationShutdown {
  constructor(
    private readonly relay: Relay,
    private readonly consumers: ConsumerRunner,
    private readonly purge: HistoryPurge,
    private readonly rpc: RpcServer,
  ) {}

  /** Call it after `app.init()`, when everything a handler needs is up. */
  start(): void {
    this.relay.start();
    this.consumers.start();
    this.purge.start();
  }

  /** Requests and events still commit events of their own, so the relay comes last. Connections close after this. */
  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all([this.rpc.close(), this.consumers.stop(), this.purge.stop()]);
    await this.relay.stop();
  }
}
