import { requireNodeVersion } from './node-version.mjs';
import { supervisor } from './supervisor.mjs';
import { workspace } from './workspace.mjs';

requireNodeVersion();
const { stop } = await supervisor('stop-command');
process.exitCode = await stop(workspace);
