// Jest's globalSetup: real PostgreSQL, Redis, NATS and Caddy for the specs, on ports of their own.
import { installMissingPrograms } from './install-programs.mjs';
import { failure } from './progress.mjs';
import { requiredPrograms, systemFolders, testPrograms } from './programs.mjs';
import { supervisor } from './supervisor.mjs';
import { workspace } from './workspace.mjs';

export default async function startTestServers() {
  try {
    installMissingPrograms(systemFolders, [...requiredPrograms, ...testPrograms]);
    const { holdTestServers } = await supervisor('hold-test-servers');
    const { environment, release } = await holdTestServers(workspace);
    // Workers are forked after this and inherit it.
    Object.assign(process.env, environment);
    globalThis.releaseTestServers = release;
  } catch (error) {
    // Jest would wrap the one sentence that matters into its own, and print a stack.
    failure(error.message);
    process.exit(1);
  }
}
