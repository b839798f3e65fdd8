import { serviceNames } from '@capsule/contracts';
import type { Databases } from './comparison.js';

/** A row that is published again is marked again, at another instant. */
const MARKS = "SELECT id || ' ' || published_at AS id FROM outbox WHERE published_at IS NOT NULL";

/** Counts rows of the outboxes that were published when a store was wiped, and were published again after it. */
export class Republished {
  private readonly wiped = new Set<string>();

  constructor(private readonly databases: Databases) {}

  /** To be called while NATS is down. */
  async rememberPublished(): Promise<void> {
    for (const mark of await this.marks()) this.wiped.add(mark);
  }

  async count(): Promise<number> {
    const again = new Set((await this.marks()).filter((mark) => !this.wiped.has(mark)).map(idOf));
    return new Set([...this.wiped].map(idOf).filter((id) => again.has(id))).size;
  }

  private async marks(): Promise<string[]> {
    return (await Promise.all(serviceNames.map((service) => this.databases.ids(service, MARKS)))).flat();
  }
}

function idOf(mark: string): string {
  return mark.slice(0, mark.indexOf(' '));
}
