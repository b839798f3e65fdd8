import { isUuid } from '@capsule/database';
import type { DeadLetter, DeadLetters } from './dead-letters.js';

const LETTERS_MAX = 10_000;

const USAGE = `usage: command.js dead-letters list [--replayed]     those still open, or all of the last ones
       command.js dead-letters replay <id>|--all     runs the handlers once more`;

/**
 * `dead-letters list|replay`, the same for every service: an app's command.ts hands over what it was called with.
 * @returns the exit code: 0 done, 1 a letter could not be replayed, 2 wrong usage
 */
export async function deadLetterCommand(
  deadLetters: DeadLetters,
  [noun, verb, ...options]: readonly string[],
  print: (line: string) => void,
): Promise<number> {
  const [option, ...more] = options;
  if (noun === 'dead-letters' && more.length === 0) {
    if (verb === 'list' && (option === undefined || option === '--replayed')) {
      return list(deadLetters, option === '--replayed', print);
    }
    if (verb === 'replay' && option !== undefined) return replay(deadLetters, option, print);
  }
  print(USAGE);
  return 2;
}

async function list(
  deadLetters: DeadLetters,
  includeReplayed: boolean,
  print: (line: string) => void,
): Promise<number> {
  const letters = await deadLetters.list({ limit: LETTERS_MAX, includeReplayed });
  for (const letter of letters) print(describe(letter));
  print(`${letters.length} dead letters`);
  return 0;
}

async function replay(
  deadLetters: DeadLetters,
  which: string,
  print: (line: string) => void,
): Promise<number> {
  const wanted = await openLetters(deadLetters, which);
  if (wanted.length === 0 && which !== '--all') {
    print(`no open dead letter has the id ${which}`);
    return 1;
  }
  let replayed = 0;
  let failed = 0;
  for (const letter of wanted) {
    try {
      if (await deadLetters.replay(letter)) replayed += 1;
    } catch (error) {
      failed += 1;
      print(`${letter.id} failed again: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  print(`${replayed} replayed, ${failed} failed again`);
  const byOthers = wanted.length - replayed - failed;
  if (byOthers > 0) print(`${byOthers} were replayed by somebody else meanwhile`);
  if (wanted.length === LETTERS_MAX) print(`these were the newest ${LETTERS_MAX}, there may be more`);
  return failed === 0 ? 0 : 1;
}

/** Oldest first, as they happened. */
async function openLetters(deadLetters: DeadLetters, which: string): Promise<DeadLetter[]> {
  if (which === '--all') return (await deadLetters.list({ limit: LETTERS_MAX })).reverse();
  return isUuid(which) ? deadLetters.list({ limit: 1, id: which }) : [];
}

/** One line with tabs between the columns. The reason is the last and loses its line breaks. */
function describe({ id, createdAt, replayedAt, consumer, eventId, attempts, error }: DeadLetter): string {
  const state = replayedAt === null ? 'open' : `replayed ${replayedAt.toISOString()}`;
  const reason = error.replace(/\s+/g, ' ');
  return [id, createdAt.toISOString(), state, consumer, eventId, `${attempts} attempts`, reason].join('\t');
}
