import { requireNodeVersion } from './node-version.mjs';
import { supervisor } from './supervisor.mjs';
import { readWords } from './words.mjs';
import { workspace } from './workspace.mjs';

requireNodeVersion();
const words = readWords('npm run reset', ['--yes']);
const { reset } = await supervisor('stop-command');
process.exitCode = await reset(workspace, words.includes('--yes'));
