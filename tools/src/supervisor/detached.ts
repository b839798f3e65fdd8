import { parseStartOptions, runDetached } from './start-command.js';

const [workspace = process.cwd(), ...words] = process.argv.slice(2);
process.exitCode = await runDetached(workspace, parseStartOptions(words));
