import { findCatalogueDrift, type MigrationInfo, MigrationSession } from '@capsule/database/migrations';
import { findEntityDrift } from './entity-check.js';
import type { ServiceDatabase } from './service-database.js';

/** One of the things that `validate` looks at. */
export interface ValidationCheck {
  /** As the report names it. */
  name: string;
  /** A line for each finding, in words that say what to do; none when all is well. Changes nothing. */
  find(database: ServiceDatabase): Promise<string[]>;
}

/** In the order in which they are reported. */
export const validationChecks: readonly ValidationCheck[] = [
  {
    // Files and history: changed, missing, late, failed and pending ones, and invalid indexes.
    name: 'history',
    find: ({ migrator }) => migrator.validate(),
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

/** With a migration in one of these, a database is not what the files of this checkout make. */
const ANOTHER_SCHEMA: readonly MigrationInfo['state'][] = [
  'Pending',
  'Ignored',
  'Failed',
  'Outdated',
  'Missing',
  'Failed (Missing)',
  'Future',
  'Failed (Future)',
];

async function findDrift({ service, owner, migrator }: ServiceDatabase): Promise<string[]> {
  const isAnother = (await migrator.info()).some(({ state }) => ANOTHER_SCHEMA.includes(state));
  if (isAnother) return ['not compared: the migrations applied are not those of this checkout'];
  const session = await MigrationSession.open(owner);
  try {
    return await findCatalogueDrift(session.client, service);
  } finally {
    await session.close();
  }
}
