import type { Database } from './database.js';

/** For readiness: can a transaction be had? */
export function databaseIndicator(database: Database) {
  return {
    name: 'database',
    async check(): Promise<{ up: boolean; detail?: string }> {
      try {
        await database.isReady();
        return { up: true };
      } catch (error) {
        return { up: false, detail: error instanceof Error ? error.message : 'not reachable' };
      }
    },
  };
}
