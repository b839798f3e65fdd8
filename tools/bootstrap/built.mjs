// Runs a compiled program of any app or of tools (`npm run bench`, `npm run openapi`), given by its path in the
// checkout, after making what a fresh clone lacks: a generated file is never written by yesterday's code.
import { join } from 'node:path';
import { requireNodeVersion } from './node-version.mjs';
import { prepare } from './prepare.mjs';
import { workspace } from './workspace.mjs';

requireNodeVersion();
const [node, , program, ...args] = process.argv;
const path = join(workspace, program);
await prepare();
process.argv = [node, path, ...args];
await import(path);
