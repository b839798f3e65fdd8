import { parseArgs } from 'node:util';
import { UsageError } from '../usage-error.js';
import { type Service, services } from './service-database.js';

export const verbNames = [
  'migrate',
  'info',
  'validate',
  'dry-run',
  'baseline',
  'repair',
  'undo',
  'reset',
  'new',
] as const;
export type VerbName = (typeof verbNames)[number];

/** Schemas of tenants, in the database of monitor. */
export const TENANTS = 'tenants';

export interface Request {
  verb: VerbName;
  /** What the verb is for; the tenants' schemas when there are none. */
  services: Service[];
  /** Of a new file. */
  description: string | undefined;
  options: Options;
  /** As they came, for a program that the request is handed on to. */
  words: string[];
}

export interface Options {
  json: boolean;
  /** Of a baseline, or of a new file. */
  version: string | undefined;
  yes: boolean;
  undo: boolean;
  repeatable: boolean;
  'no-transaction': boolean;
}

const USAGE = `usage: migrate <verb> <${services.join('|')}|all|tenants> [--json]
  migrate, info, validate, repair
  dry-run                            prints the SQL that migrate would run
  baseline --version <version>       of one service, or of the tenants
  undo                               of one service, or of the tenants
  reset [--yes]                      drops everything and migrates anew; not for tenants
  new "<description>" [--version <version>] [--undo] [--repeatable] [--no-transaction]
docs/runbooks/migrations.md says more.`;

/** Which options a verb knows, beside --json. */
const VERB_OPTIONS: Readonly<Partial<Record<VerbName, readonly (keyof Options)[]>>> = {
  baseline: ['version'],
  reset: ['yes'],
  new: ['version', 'undo', 'repeatable', 'no-transaction'],
};
/** What is not done to all databases in one go. */
const FOR_ONE: readonly VerbName[] = ['baseline', 'undo', 'new'];
const NOT_FOR_TENANTS: readonly VerbName[] = ['reset'];

/** @throws UsageError */
export function readArguments(words: string[]): Request {
  const { values, positionals } = parse(words);
  const [verb, target, description, ...rest] = positionals;
  if (!isVerb(verb) || target === undefined || rest.length > 0) throw new UsageError(USAGE);
  const chosen = target === 'all' ? services : services.filter((service) => service === target);
  if (chosen.length === 0 && target !== TENANTS)
    throw new UsageError(USAGE, `There is no service ${target}.`);
  if (chosen.length > 1 && FOR_ONE.includes(verb)) throw new UsageError(USAGE, `${verb} is for one service.`);
  if (target === TENANTS && NOT_FOR_TENANTS.includes(verb))
    throw new UsageError(USAGE, `${verb} is not for tenants.`);
  // Which tenants are behind is found by the version.
  if (target === TENANTS && values.repeatable)
    throw new UsageError(USAGE, 'Migrations of tenants have versions: a repeatable one is refused.');
  if ((description !== undefined) !== (verb === 'new')) throw new UsageError(USAGE);
  const { json = false, yes = false, undo = false, repeatable = false, version } = values;
  for (const option of Object.keys(values) as (keyof Options)[]) {
    if (option !== 'json' && !VERB_OPTIONS[verb]?.includes(option)) {
      throw new UsageError(USAGE, `${verb} knows no --${option}.`);
    }
  }
  if (verb === 'baseline' && version === undefined) throw new UsageError(USAGE, 'baseline needs --version.');
  const options = {
    json,
    yes,
    undo,
    repeatable,
    version,
    'no-transaction': values['no-transaction'] ?? false,
  };
  return { verb, services: chosen, description, options, words };
}

function parse(args: string[]) {
  try {
    const flag = { type: 'boolean' } as const;
    return parseArgs({
      args,
      options: {
        json: flag,
        yes: flag,
        undo: flag,
        repeatable: flag,
        'no-transaction': flag,
        version: { type: 'string' },
      },
      allowPositionals: true,
    });
  } catch (error) {
    throw new UsageError(USAGE, error instanceof Error ? error.message : String(error));
  }
}

function isVerb(word: string | undefined): word is VerbName {
  return verbNames.some((verb) => verb === word);
}
