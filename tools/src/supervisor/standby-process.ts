// Preloaded into a process that waits to become a service (see standby.ts): imports the packages of others that the
// service imports, then holds back the service's own program until the supervisor says go.
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { projectsOf } from './project-references.js';

/** An import that is evaluated with its module, as compiled code has it: one to a line. */
const staticImport = /^(?:import|export) (?:[^'"\n]* from )?'([^'\n]+)';$/gm;

/** Names of the packages that the compiled code of these projects imports at once, without our own and Node's. */
function packagesOf(workspace: string, projects: readonly string[]): Set<string> {
  const names = projects.flatMap((project) => {
    const folder = join(workspace, project, 'dist');
    return readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.js'))
      .flatMap((file) => [...readFileSync(join(folder, file), 'utf8').matchAll(staticImport)])
      .map(([, name = '']) => name);
  });
  return new Set(names.filter((name) => !/^(\.|node:|@capsule\/)/.test(name)));
}

// <workspace>/apps/<app>/dist/main.js
const app = dirname(dirname(process.argv[1] ?? ''));
const workspace = dirname(dirname(app));
for (const name of packagesOf(workspace, projectsOf(workspace, join('apps', basename(app))))) {
  // One that can't be loaded is the service's to complain about.
  await import(name).catch(() => {});
}
// It comes when the service is wanted; when the supervisor dies instead, its end of the pipe closes without a word.
if (readFileSync(0, 'utf8') !== 'go') process.exit(0);
