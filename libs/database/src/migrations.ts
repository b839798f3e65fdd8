// The migrations alone, as `@capsule/database/migrations`: without Nest and TypeORM, which take 40 MB and most of the start
// of a process that has no use for them.
export { findCatalogueDrift, recordCatalogue } from './drift/catalogue-drift.js';
export type { OwnSchema } from './drift/read-catalogue.js';
export { findBrokenStatements, readGuards, SAMPLE_ID } from './drift/released-statements.js';
export { writeRelease } from './drift/released-statements-file.js';
export { MigrationError } from './migrations/migration-error.js';
export { migrationsFolder, newestVersion } from './migrations/migration-files.js';
export { MigrationSession, type OwnerConnection } from './migrations/migration-session.js';
export type { MigrationInfo } from './migrations/migration-state.js';
export { Migrator } from './migrations/migrator.js';
export { resetDatabase } from './migrations/reset-database.js';
export { compareVersions, parseVersion } from './migrations/version.js';
export { tlsOptions } from './tls.js';
