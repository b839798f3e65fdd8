import { runDetached } from './start-command.js';

process.exitCode = await runDetached(process.argv[2] ?? process.cwd());
