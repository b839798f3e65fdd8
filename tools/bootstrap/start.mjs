// `npm start` (foreground, Ctrl-C ends it) and `npm start -- --detach` (returns when everything is ready).
import { requireNodeVersion } from './node-version.mjs';
import { prepare } from './prepare.mjs';
import { supervisor } from './supervisor.mjs';
import { workspace } from './workspace.mjs';

requireNodeVersion();
await prepare();
const { start, startDetached } = await supervisor('start-command');
process.exitCode = await (process.argv.includes('--detach') ? startDetached(workspace) : start(workspace));
