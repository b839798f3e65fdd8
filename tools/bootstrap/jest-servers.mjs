// Jest's globalSetup: real PostgreSQL, Redis, NATS and Caddy for the specs, on ports of their own.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { installMissingPrograms } from './install-programs.mjs';
import { build, workspace } from './workspace.mjs';

const compiled = join(workspace, 'tools/dist/supervisor/hold-test-servers.js');

export default async function startTestServers() {
  if (!existsSync(compiled)) await build('tools');
  installMissingPrograms();
  const { holdTestServers } = await import(compiled);
  const { environment, release } = await holdTestServers(workspace);
  // Workers are forked after this and inherit it.
  Object.assign(process.env, environment);
  globalThis.releaseTestServers = release;
}
