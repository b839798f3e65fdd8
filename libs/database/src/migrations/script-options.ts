import { readFile } from 'node:fs/promises';
import { MigrationError } from './migration-error.js';

/** What `V….sql.conf` beside a file says of it: the options of Flyway's script configuration that we know. */
export interface ScriptOptions {
  /** False for what PostgreSQL refuses inside of a transaction, such as CREATE INDEX CONCURRENTLY. */
  executeInTransaction: boolean;
  placeholderReplacement: boolean;
}

const DEFAULTS: ScriptOptions = { executeInTransaction: true, placeholderReplacement: true };

/** @throws MigrationError for an option that nobody would heed */
export async function readScriptOptions(path: string): Promise<ScriptOptions> {
  const options = { ...DEFAULTS };
  for (const line of (await readFile(path, 'utf8')).split(/\r?\n/)) {
    if (/^\s*([#!].*)?$/.test(line)) continue;
    const [, name, value] = /^\s*([A-Za-z]+)\s*=\s*(true|false)\s*$/.exec(line) ?? [];
    if (name === undefined || !isOption(name)) {
      throw new MigrationError(
        `${path}: "${line.trim()}" is not one of ${Object.keys(DEFAULTS).join(', ')}=true|false.`,
      );
    }
    options[name] = value === 'true';
  }
  return options;
}

export function defaultScriptOptions(): ScriptOptions {
  return DEFAULTS;
}

function isOption(name: string): name is keyof ScriptOptions {
  return Object.hasOwn(DEFAULTS, name);
}
