import { requireNodeVersion } from './node-version.mjs';
import { supervisor } from './supervisor.mjs';
import { readWords } from './words.mjs';
import { workspace } from './workspace.mjs';

requireNodeVersion();
readWords('npm run status');
const { status } = await supervisor('stop-command');
process.exitCode = await status(workspace);
