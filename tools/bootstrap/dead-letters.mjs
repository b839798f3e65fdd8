// `npm run dead-letters -- <service> list|replay …`: the events a service gave up on. It builds nothing: what replays an
// event is the code that runs.
import { requireNodeVersion } from './node-version.mjs';
import { supervisor } from './supervisor.mjs';
import { workspace } from './workspace.mjs';

requireNodeVersion();
const { deadLetters } = await supervisor('dead-letters-command');
process.exitCode = await deadLetters(workspace, process.argv.slice(2));
