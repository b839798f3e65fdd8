import { requireNodeVersion } from './node-version.mjs';
import { supervisor } from './supervisor.mjs';
import { workspace } from './workspace.mjs';

requireNodeVersion();
const { reset } = await supervisor('stop-command');
process.exitCode = await reset(workspace, process.argv.includes('--yes'));
