const EVENTS_MAX = 10_000;

/**
 * How often the handlers of an event failed in this process. The stream's count of deliveries is no measure for that:
 * it also grows when a process ends or the database is away. A restart forgets the counts, which costs a poisonous
 * event some more attempts; so does another process that takes its turn.
 */
export class HandlerFailures {
  private readonly counts = new Map<string, number>();

  /** @returns how often it failed, this time included with its weight */
  add(consumer: string, eventId: string, weight: number): number {
    const key = keyOf(consumer, eventId);
    const count = (this.counts.get(key) ?? 0) + weight;
    // Once more at the end of the map, whose first entry is the one that failed longest ago.
    this.counts.delete(key);
    this.counts.set(key, count);
    // Those that succeeded in another process are never settled here.
    if (this.counts.size > EVENTS_MAX) this.counts.delete(this.counts.keys().next().value ?? key);
    return count;
  }

  settle(consumer: string, eventId: string): void {
    this.counts.delete(keyOf(consumer, eventId));
  }
}

function keyOf(consumer: string, eventId: string): string {
  return `${consumer} ${eventId}`;
}
