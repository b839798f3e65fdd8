import { parseArgs } from 'node:util';
import { UsageError } from '../usage-error.js';

export interface BenchRequest {
  parts: string[];
  /** Where to write the rows. */
  json?: string;
}

/** @throws UsageError when help is asked for or needed */
export function readArguments(words: string[], parts: readonly string[]): BenchRequest {
  const usage = `usage: npm run bench -- [part …] [--json FILE]\nparts: ${parts.join(', ')}; all of them when none is named`;
  const { values, positionals } = parse(words, usage);
  if (values.help) throw new UsageError(usage, undefined, 0);
  const unknown = positionals.find((part) => !parts.includes(part));
  if (unknown !== undefined) throw new UsageError(usage, `There is no part named ${unknown}.`);
  return { parts: positionals.length > 0 ? positionals : [...parts], json: values.json };
}

function parse(words: string[], usage: string) {
  try {
    return parseArgs({
      args: words,
      options: { json: { type: 'string' }, help: { type: 'boolean', short: 'h', default: false } },
      allowPositionals: true,
    });
  } catch (error) {
    throw new UsageError(usage, (error as Error).message);
  }
}
