import { findCatalogueDrift, MigrationSession } from '@capsule/database/migrations';
import { findEntityDrift } from './entity-check.js';
import type { ServiceDatabase } from './service-database.js';

/** One of the things that `validate` looks at. */
export interface ValidationCheck {
  /** As the report names it. */
  name: string;
  /** Changes nothing. */
  find(database: ServiceDatabase): Promise<Verdict>;
}

export interface Verdict {
  /** A line for each, in words that say what to do; none when all is well. */
  findings: string[];
  /** Why nothing was compared. */
  skipped?: string;
}

/** In the order in which they are reported. */
export const validationChecks: readonly ValidationCheck[] = [
  {
    // Files and history: changed, missing, late, failed and pending ones, and invalid indexes.
    name: 'history',
    find: async ({ migrator }) => ({ findings: await migrator.validate() }),
  },
  {
    // Every object of the database, with what a freshly migrated one has.
    name: 'catalogue',
    find: findDrift,
  },
  {
    name: 'entities',
    find: ({ service }) => findEntityDrift(service, process.env),
  },
];

async function findDrift({ service, owner, migrator }: ServiceDatabase): Promise<Verdict> {
  const session = await MigrationSession.open(owner);
  try {
    return { findings: await findCatalogueDrift(session.client, await migrator.info(), service) };
  } finally {
    await session.close();
  }
}
