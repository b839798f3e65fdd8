import { durableName, events, type ServiceName, serviceNames } from '@capsule/contracts';
import type { Databases } from './comparison.js';

/** Every consumer of a fact, and what it has to have done. */
export const consumers: readonly Consumer[] = events
  .filter(({ kind }) => kind === 'fact')
  .flatMap((contract) =>
    contract.consumers.map((service) => ({
      durable: durableName(service, contract),
      service,
      publisher: contract.service,
      type: contract.type,
    })),
  );

interface Consumer {
  durable: string;
  service: ServiceName;
  publisher: ServiceName;
  type: string;
}

/**
 * Makes the table in which each effect of an event leaves a trace (tools/chaos/faults.mjs). Most effects can't be seen
 * to have happened twice, because the tables they write have keys; this one has none.
 */
export async function makeTraceTables(databases: Databases): Promise<void> {
  for (const service of serviceNames) {
    await databases.execute(
      service,
      'CREATE TABLE chaos_effects (durable text NOT NULL, event_id uuid NOT NULL)',
    );
    await databases.execute(service, `GRANT INSERT ON chaos_effects TO ${service}_user`);
  }
}

/** The events of a consumer's type that were committed, and those that have had their effect. */
export async function eventsAndEffects(
  databases: Databases,
  { durable, service, publisher, type }: Consumer,
): Promise<[committed: string[], effects: string[]]> {
  return Promise.all([
    databases.ids(publisher, `SELECT id FROM outbox WHERE type = '${type}'`),
    databases.ids(service, `SELECT event_id AS id FROM chaos_effects WHERE durable = '${durable}'`),
  ]);
}
