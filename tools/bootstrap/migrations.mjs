// `npm run db:…` and the migration targets of nx: the migration tool, built before it runs, with the variables that
// `npm start` gives the platform.
import { join } from 'node:path';
import { failure } from './progress.mjs';
import { requireNodeVersion } from './node-version.mjs';
import { build, workspace } from './workspace.mjs';

requireNodeVersion();
const [node, , ...words] = process.argv;
// What these ask is answered by commands of the services, too.
const needsApps = words[0] === 'validate' || words[1] === 'tenants';
try {
  await build(...(needsApps ? [] : ['tools']));
  const { readEnvironment } = await import(join(workspace, 'tools/dist/supervisor/environment-file.js'));
  Object.assign(process.env, readEnvironment(workspace, process.env));
} catch (error) {
  failure(error.message);
  process.exit(1);
}
const program = join(workspace, 'tools/dist/migrate.js');
process.argv = [node, program, ...words];
await import(program);
