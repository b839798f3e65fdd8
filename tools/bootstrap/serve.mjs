// `nx serve <app>`: one service with reload, beside a running platform or with one of its own.
import { requireNodeVersion } from './node-version.mjs';
import { prepare } from './prepare.mjs';
import { supervisor } from './supervisor.mjs';
import { workspace } from './workspace.mjs';

requireNodeVersion();
await prepare();
const { serve } = await supervisor('dev-command');
process.exitCode = await serve(workspace, process.argv[2] ?? '');
