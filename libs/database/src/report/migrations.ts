import { migrationsFolder, readMigrationFolder } from '../migrations/migration-files.js';
import { compareWithHistory, type MigrationState, toInfo } from '../migrations/migration-state.js';
import { SchemaHistory } from '../migrations/schema-history.js';
import { type Ask, type Section, warning } from './section.js';

export interface MigrationFigures {
  applied: number;
  /** Scripts in another state than applied, with that state. */
  open: { script: string; state: MigrationState }[];
}

const APPLIED: readonly MigrationState[] = [
  'Success',
  'Out of Order',
  'Baseline',
  'Below Baseline',
  'Superseded',
];

export async function readMigrations(ask: Ask, service: string): Promise<Section<MigrationFigures>> {
  const history = new SchemaHistory({ query: async (text) => ({ rows: await ask(text) }) });
  const folder = await readMigrationFolder(migrationsFolder(service));
  const infos = compareWithHistory(folder, await history.read({ withDigests: false })).map(toInfo);
  const open = infos
    .filter(({ state }) => !APPLIED.includes(state))
    .map(({ script, state }) => ({ script, state }));
  return {
    figures: { applied: infos.length - open.length, open },
    findings:
      open.length === 0
        ? []
        : [
            warning(
              `${open.map(({ script, state }) => `${script} is ${state}`).join(', ')}.`,
              `npm run db:info:${service} tells the states, docs/runbooks/migrations.md what each asks for.`,
            ),
          ],
  };
}
