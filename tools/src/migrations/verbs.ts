import { type MigrationInfo, resetDatabase } from '@capsule/database/migrations';
import type { Options, VerbName } from './arguments.js';
import { renderInfo } from './info-table.js';
import type { ServiceDatabase } from './service-database.js';
import type { Verdict } from './validation-checks.js';

/** What a verb did to one database. */
export interface Outcome {
  /** For programs. */
  result: Record<string, unknown>;
  /** For people. */
  text: string;
  /** The verb ran, and found that something is wrong. */
  isBad?: boolean;
}

type Verb = (database: ServiceDatabase, options: Options) => Promise<Outcome>;

const RESET_LOCK_WAIT_MS = 10_000;

export const verbs: Readonly<Record<Exclude<VerbName, 'new'>, Verb>> = {
  async migrate({ service, migrator }) {
    const applied = (await migrator.migrate()).map((file) => file.script);
    const text = applied.length > 0 ? `applied ${applied.join(', ')}` : 'up to date';
    return { result: { applied }, text: `${service}: ${text}` };
  },

  async info({ service, migrator }) {
    const migrations: MigrationInfo[] = await migrator.info();
    return { result: { migrations }, text: renderInfo(service, migrations) };
  },

  async validate(database) {
    // Loaded when it is needed: drift brings much that a migration has no use for.
    const { validationChecks } = await import('./validation-checks.js');
    const checks: ({ name: string } & Verdict)[] = [];
    for (const { name, find } of validationChecks) checks.push({ name, ...(await find(database)) });
    const lines = checks.flatMap(({ name, findings }) => findings.map((finding) => `${name}: ${finding}`));
    const skipped = checks.flatMap(({ name, skipped: reason }) =>
      reason === undefined ? [] : [`${name} not compared: ${reason}`],
    );
    const text = lines.length > 0 ? [...lines, ...skipped] : [['valid', ...skipped].join(', ')];
    return {
      result: { checks },
      text: text.map((line) => `${database.service}: ${line}`).join('\n'),
      isBad: lines.length > 0,
    };
  },

  async 'dry-run'({ service, migrator }) {
    const sql = await migrator.dryRun();
    return { result: { sql }, text: sql === '' ? `-- ${service}: up to date` : `-- ${service}\n\n${sql}` };
  },

  async baseline({ service, migrator }, { version = '' }) {
    const isSet = await migrator.baseline(version);
    const text = isSet ? `is at ${version} from now on` : `was at ${version} already`;
    return { result: { version, changed: isSet }, text: `${service}: ${text}` };
  },

  async repair({ service, migrator }) {
    const repair = await migrator.repair();
    const list = (what: string, scripts: string[]) =>
      scripts.length > 0 ? [`${what} ${scripts.join(', ')}`] : [];
    const lines = [
      ...list('to be run again:', repair.removed),
      ...list('marked as deleted:', repair.deleted),
      ...list('taken as they are now:', repair.aligned),
      ...repair.leftBehind,
    ];
    const text = lines.length > 0 ? lines : ['nothing to repair'];
    return { result: { ...repair }, text: text.map((line) => `${service}: ${line}`).join('\n') };
  },

  async undo({ service, migrator }) {
    const { script } = await migrator.undo();
    return { result: { undone: script }, text: `${service}: ran ${script}` };
  },

  async reset({ service, owner, migrator }) {
    await resetDatabase(owner, RESET_LOCK_WAIT_MS);
    const applied = (await migrator.migrate()).map((file) => file.script);
    return { result: { applied }, text: `${service}: dropped everything, applied ${applied.join(', ')}` };
  },
};
