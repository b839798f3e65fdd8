import { requireNodeVersion } from './node-version.mjs';
import { supervisor } from './supervisor.mjs';
import { workspace } from './workspace.mjs';

requireNodeVersion();
const { status } = await supervisor('stop-command');
process.exitCode = await status(workspace);
