import { spawn } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const workspace = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** True when node_modules is absent or older than the lockfile it should mirror. */
export function dependenciesAreStale() {
  // npm writes this file at the end of every install, so an interrupted one counts as stale too.
  const installed = join(workspace, 'node_modules', '.package-lock.json');
  const lockfile = join(workspace, 'package-lock.json');
  return !existsSync(installed) || statSync(lockfile).mtimeMs > statSync(installed).mtimeMs;
}

export function installDependencies() {
  // npm itself tells where it lies when it started us, which also works where only a shell alias is on the PATH.
  const npm = process.env.npm_execpath;
  const [command, args] = npm?.endsWith('.js') ? [process.execPath, [npm]] : ['npm', []];
  return run(command, [...args, 'install', '--no-audit', '--no-fund', '--loglevel=error']);
}

/** Type-checks and compiles the given projects (all when none are named). Rejects with the compiler's messages. */
export function build(...projects) {
  // The projects are many and small: more than one checker for each would read the same declarations again.
  const compiler = join(workspace, 'node_modules/typescript7/bin/tsc');
  return run(process.execPath, [compiler, '-b', '--checkers', '1', ...projects]);
}

/** Runs a command in the workspace; rejects with what it printed when it does not end with 0. */
function run(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: workspace, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    child.on('error', reject);
    child.on('close', (code) =>
      code === 0 ? resolve(output) : reject(new Error(output.trim() || `${command} ended with ${code}`)),
    );
  });
}
