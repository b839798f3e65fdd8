import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { build, workspace } from './workspace.mjs';

/** A compiled module of the supervisor; compiles it when that never happened. @param {string} name */
export async function supervisor(name) {
  const path = join(workspace, 'tools/dist/supervisor', `${name}.js`);
  if (!existsSync(path)) await build('tools');
  return import(path);
}
