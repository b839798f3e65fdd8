import { parseStartOptions, runDetached } from './start-command.js';

// Its log may lie on a full disk: then it says nothing, but goes on.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
const [workspace = process.cwd(), ...words] = process.argv.slice(2);
process.exitCode = await runDetached(workspace, parseStartOptions(words));
