// Runs a compiled program of tools (`npm run bench`, `npm run chaos`), after making what a fresh clone lacks.
import { join } from 'node:path';
import { requireNodeVersion } from './node-version.mjs';
import { prepare } from './prepare.mjs';
import { workspace } from './workspace.mjs';

requireNodeVersion();
const [node, , program, ...args] = process.argv;
const path = join(workspace, 'tools/dist', program);
await prepare();
process.argv = [node, path, ...args];
await import(path);
