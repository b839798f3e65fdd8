import { Injectable } from '@nestjs/common';
import { DiscoveryService, MetadataScanner, Reflector } from '@nestjs/core';
import { durableName, type EventContract, type EventEnvelope, type ServiceName } from '@capsule/contracts';
import type { Transaction } from '@capsule/database';
import { ON_EVENT } from './on-event.decorator.js';

export type EventHandler = (event: EventEnvelope, transaction: Transaction) => Promise<void>;

/** What a service does with one type of event: all its @OnEvent methods share a durable and a transaction. */
export interface Subscription {
  contract: EventContract;
  durable: string;
  handlers: EventHandler[];
}

/** Finds the @OnEvent methods of all providers. */
@Injectable()
export class EventHandlers {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly reflector: Reflector,
  ) {}

  /** @throws Error when a handler's event does not name the service as a consumer, and so no durable exists for it */
  subscriptionsOf(service: ServiceName): Map<string, Subscription> {
    const found = new Map<string, Subscription>();
    for (const { instance } of this.discovery.getProviders()) {
      if (typeof instance !== 'object' || instance === null) continue;
      const prototype: unknown = Object.getPrototypeOf(instance);
      if (typeof prototype !== 'object' || prototype === null) continue;
      for (const name of this.scanner.getAllMethodNames(prototype)) {
        const method = (instance as Record<string, unknown>)[name] as EventHandler;
        const contract = this.reflector.get<EventContract | undefined>(ON_EVENT, method);
        if (contract) add(found, service, contract, method.bind(instance));
      }
    }
    return found;
  }
}

function add(
  found: Map<string, Subscription>,
  service: ServiceName,
  contract: EventContract,
  handler: EventHandler,
): void {
  if (!contract.consumers.includes(service)) {
    throw new Error(`${contract.type} does not name ${service} as a consumer`);
  }
  const durable = durableName(service, contract);
  const subscription = found.get(durable) ?? { contract, durable, handlers: [] };
  subscription.handlers.push(handler);
  found.set(durable, subscription);
}
