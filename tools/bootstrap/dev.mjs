// `npm run dev`: everything, with services that reload when their sources change.
import { requireNodeVersion } from './node-version.mjs';
import { prepare } from './prepare.mjs';
import { supervisor } from './supervisor.mjs';
import { readWords } from './words.mjs';
import { workspace } from './workspace.mjs';

requireNodeVersion();
readWords('npm run dev');
await prepare();
const { dev } = await supervisor('dev-command');
process.exitCode = await dev(workspace);
