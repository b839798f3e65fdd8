// `npm start` (foreground, Ctrl-C ends it) and `npm start -- --detach` (returns when everything is ready);
// with `--external-servers` the servers of docker/compose.yml, or any others that .env names, are used.
import { requireNodeVersion } from './node-version.mjs';
import { prepare } from './prepare.mjs';
import { supervisor } from './supervisor.mjs';
import { readWords } from './words.mjs';
import { workspace } from './workspace.mjs';

requireNodeVersion();
const words = readWords('npm start', ['--detach', '--external-servers']);
await prepare({ externalServers: words.includes('--external-servers') });
const { parseStartOptions, start, startDetached } = await supervisor('start-command');
const begin = words.includes('--detach') ? startDetached : start;
process.exitCode = await begin(workspace, parseStartOptions(words));
