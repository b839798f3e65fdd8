/**
 * What is kept of the last release: `migrations/released-statements/<name>.sql`, one for each service and one for the schemas
 * of tenants, in whose statements `${schema}` stands for the tenant's.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { migrationsFolder } from '../migrations/migration-files.js';

export interface Release {
  /** As they were sent. */
  statements: readonly string[];
  /** Names of what could refuse rows then: its checks and functions. */
  guards: readonly string[];
}

const HEAD = `-- Statements that the last release of NAME sends. Written by npm run statements, when that release is the oldest that
-- still runs anywhere. See docs/runbooks/migrations.md, also for these, its checks and functions:
`;
const LINE_LENGTH_MAX = 120;

export function releasedStatementsPath(name: string): string {
  return join(migrationsFolder('released-statements'), `${name}.sql`);
}

/** @param schema what `${schema}` is to be */
export async function readRelease(name: string, schema = ''): Promise<Release> {
  const text = await readFile(releasedStatementsPath(name), 'utf8');
  const [head = ''] = /^(?:--.*\r?\n)*/.exec(text) ?? [];
  return {
    statements: text
      .slice(head.length)
      .split(/;\r?\n/)
      .map((statement) => statement.trim().replaceAll('${schema}', schema))
      .filter((statement) => statement !== ''),
    guards: [...head.matchAll(/^-- {3}(.*)$/gm)].flatMap(([, names = '']) => names.trim().split(' ')),
  };
}

export async function writeRelease(name: string, { statements, guards }: Release): Promise<void> {
  const lines = [...new Set(statements.map((statement) => statement.trim()))].sort();
  const text = lines.map((statement) => `${statement};\n`).join('');
  await writeFile(releasedStatementsPath(name), `${HEAD.replace('NAME', name)}${wrap(guards)}\n${text}`);
}

function wrap(names: readonly string[]): string {
  let [text, line] = ['', '--  '];
  for (const name of [...new Set(names)].sort()) {
    if (line.length + name.length >= LINE_LENGTH_MAX) {
      text += `${line}\n`;
      line = '--  ';
    }
    line += ` ${name}`;
  }
  return `${text}${line}\n`;
}
