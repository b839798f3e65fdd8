import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

/** What a build and a start of a service read, besides what was installed. */
const sources = [
  '.env.example',
  'apps',
  'libs',
  'migrations',
  'tools',
  'package.json',
  'tsconfig.base.json',
  'tsconfig.json',
];

/** A copy of the checkout that may be edited, built and run; installed packages are shared with the original. */
export function copyWorkspace(original: string): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'capsule-workspace-'));
  for (const name of sources) {
    cpSync(join(original, name), join(path, name), {
      recursive: true,
      // What was built stays current.
      preserveTimestamps: true,
      filter: (file) => basename(file) !== 'node_modules',
    });
  }
  mkdirSync(join(path, 'node_modules'));
  for (const name of readdirSync(join(original, 'node_modules')).filter((each) => each !== '@capsule'))
    symlinkSync(join(original, 'node_modules', name), join(path, 'node_modules', name));
  // The workspace's own packages are those of the copy, as their relative links say.
  cpSync(join(original, 'node_modules/@capsule'), join(path, 'node_modules/@capsule'), {
    recursive: true,
    verbatimSymlinks: true,
  });
  return { path, remove: () => rmSync(path, { recursive: true }) };
}
