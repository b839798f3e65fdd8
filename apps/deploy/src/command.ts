/**
 * `node apps/deploy/dist/command.js dead-letters list [--all]` prints the events that deploy gave up on, newest first;
 * `dead-letters replay <id>|--all` handles them once more. Reads the environment of the service.
 */
import { NestFactory } from '@nestjs/core';
import { DeadLetters } from '@capsule/outbox';

const LETTERS_MAX = 1_000;
const USAGE = 'usage: command.js dead-letters list [--all] | dead-letters replay <id>|--all';

async function list(letters: DeadLetters, includeReplayed: boolean): Promise<void> {
  for (const letter of await letters.list({ limit: LETTERS_MAX, includeReplayed })) {
    console.log(JSON.stringify(letter));
  }
}

/** @returns how many failed again */
async function replay(letters: DeadLetters, which: string): Promise<number> {
  const open = await letters.list({ limit: LETTERS_MAX });
  const chosen = which === '--all' ? open : open.filter(({ id }) => id === which);
  if (chosen.length === 0) console.error('There is no such open dead letter.');
  let failed = which !== '--all' && chosen.length === 0 ? 1 : 0;
  // Oldest first: later events may build on earlier ones.
  for (const letter of chosen.reverse()) {
    try {
      console.log(`${letter.id} ${(await letters.replay(letter)) ? 'replayed' : 'was replayed already'}`);
    } catch (error) {
      failed += 1;
      console.error(`${letter.id} failed again: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return failed;
}

async function run([topic, verb, argument]: string[]): Promise<number> {
  const isList = verb === 'list' && (argument === undefined || argument === '--all');
  if (topic !== 'dead-letters' || !(isList || (verb === 'replay' && argument !== undefined))) {
    console.error(USAGE);
    return 2;
  }
  const { AppModule } = await import('./app.module.js');
  const app = await NestFactory.createApplicationContext(AppModule, { logger: ['error', 'fatal'] });
  try {
    const letters = app.get(DeadLetters);
    if (isList) await list(letters, argument === '--all');
    else return (await replay(letters, argument ?? '')) > 0 ? 1 : 0;
    return 0;
  } finally {
    await app.close();
  }
}

process.exitCode = await run(process.argv.slice(2));
