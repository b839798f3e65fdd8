// `npm run infrastructure:up|down`: the servers in Docker containers instead of the embedded ones.
import { requireNodeVersion } from './node-version.mjs';
import { build, dependenciesAreStale, installDependencies, workspace } from './workspace.mjs';

requireNodeVersion();
if (dependenciesAreStale()) await installDependencies();
await build('tools');
const { infrastructure } = await import('../dist/infrastructure/infrastructure-command.js');
process.exitCode = await infrastructure(workspace, process.argv[2] ?? '');
