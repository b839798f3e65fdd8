// `npm run db:report` and `npm run db:studio`: a tool for the databases, built before it runs, with the variables that
// `npm start` gives the platform.
import { join } from 'node:path';
import { failure } from './progress.mjs';
import { requireNodeVersion } from './node-version.mjs';
import { build, workspace } from './workspace.mjs';

requireNodeVersion();
const [node, , tool, ...words] = process.argv;
try {
  await build('tools');
} catch (error) {
  failure(error.message);
  process.exit(1);
}
const program = join(workspace, 'tools/dist', `${tool}.js`);
process.argv = [node, program, ...words];
await import(program);
