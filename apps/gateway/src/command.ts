/**
 * `node apps/gateway/dist/command.js openapi|error-pages [--check]`, run in the root of the workspace: writes the
 * generated documentation, or with --check tells what of it is stale and exits 1.
 */
import { errorPages } from './documentation/error-pages.js';
import { type GeneratedFiles, staleFiles, writeFiles } from './documentation/generated-files.js';
import { openApiDocument } from './documentation/openapi.js';

const OPENAPI_FILE = 'openapi.json';

const generators: Record<string, () => GeneratedFiles> = {
  openapi: () => ({
    folder: 'docs',
    owns: (name) => name === OPENAPI_FILE,
    contents: new Map([[OPENAPI_FILE, `${JSON.stringify(openApiDocument(), null, 2)}\n`]]),
  }),
  'error-pages': () => ({
    folder: 'docs/errors',
    owns: (name) => name.endsWith('.md'),
    contents: errorPages(),
  }),
};

async function run([name = '', ...options]: string[]): Promise<number> {
  const generate = generators[name];
  if (!generate || options.some((option) => option !== '--check')) {
    console.error(`usage: command.js ${Object.keys(generators).join('|')} [--check]`);
    return 2;
  }
  if (options.length === 0) {
    await writeFiles(generate());
    return 0;
  }
  const faults = await staleFiles(generate());
  for (const fault of faults) console.error(fault);
  if (faults.length > 0) console.error(`Run it again without --check to write what is right.`);
  return faults.length > 0 ? 1 : 0;
}

process.exitCode = await run(process.argv.slice(2));
