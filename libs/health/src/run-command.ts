import type { DynamicModule, INestApplicationContext, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { CapsuleLogger, createLogger, type Logger } from '@capsule/telemetry';
import { describeFailure } from './failure.js';

/** @returns the exit code: 0 done, 1 it could not be done, 2 wrong usage */
export type Command = (
  context: INestApplicationContext,
  words: readonly string[],
  print: (line: string) => void,
) => Promise<number>;

interface CommandOptions {
  app: string;
  /** Loads the root module of the service, or less for a command that does with less. No background work is started. */
  module: (command: string) => Promise<Type<unknown> | DynamicModule>;
  /** By their first word; each is given all words. */
  commands: Readonly<Record<string, Command>>;
}

/** `node apps/<service>/dist/command.js <command> …`: what needs a service's own modules, with nothing of it running. */
export async function runCommand({ app, module, commands }: CommandOptions): Promise<void> {
  const words = process.argv.slice(2);
  const [name = ''] = words;
  const command = commands[name];
  if (!command) {
    process.stderr.write(`usage: command.js ${Object.keys(commands).join('|')} …\n`);
    process.exitCode = 2;
    return;
  }
  let context: INestApplicationContext | undefined;
  try {
    const options = { logger: new CapsuleLogger(loggerBeside(app)), abortOnError: false };
    context = await NestFactory.createApplicationContext(await module(name), options);
    process.exitCode = await command(context, words, (line) => process.stdout.write(`${line}\n`));
  } catch (error) {
    process.stderr.write(`capsule ${app}: ${describeFailure(error)}\n`);
    process.exitCode = 1;
  } finally {
    await context?.close();
  }
}

/** Standard output is the command's answer, which programs read: a warning among it would spoil it. */
function loggerBeside(app: string): Logger {
  const output = { write: (line: string) => void process.stderr.write(line) };
  return createLogger({ app, level: 'warn', format: 'pretty' }, output);
}
