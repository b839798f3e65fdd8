import { accessSync, constants, readFileSync, realpathSync, statSync } from 'node:fs';
import { delimiter, dirname, join, relative } from 'node:path';
import { DeploymentFailure } from './deployment-failure.js';

export interface PackageManifest {
  main?: string;
  scripts: Record<string, string>;
  hasDependencies: boolean;
}

/** It is parsed in this process, which serves everyone. */
const MANIFEST_BYTES_MAX = 1024 ** 2;
const ENTRY_FILES = ['index.js', 'server.js', 'index.mjs', 'server.mjs'];
/** A start script that is a program with plain words: nothing a shell would treat specially. */
const PLAIN_WORDS = /^[A-Za-z0-9._/=:@,+ -]+$/;

/**
 * The folder's package.json, as far as the engine reads it; null without one.
 * @throws DeploymentFailure source_invalid
 */
export function readManifest(folder: string): PackageManifest | null {
  const path = inside(folder, 'package.json');
  if (!path) return null;
  if (statSync(path).size > MANIFEST_BYTES_MAX) {
    throw new DeploymentFailure('source_invalid', `package.json is larger than ${MANIFEST_BYTES_MAX} bytes`);
  }
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new DeploymentFailure('source_invalid', 'package.json is not valid JSON', { cause: error });
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    throw new DeploymentFailure('source_invalid', 'package.json is not a JSON object');
  }
  const { main, scripts, dependencies, optionalDependencies } = content as Record<string, unknown>;
  return {
    ...(typeof main === 'string' ? { main } : {}),
    scripts: Object.fromEntries(
      Object.entries(objectOrEmpty(scripts)).filter(
        (pair): pair is [string, string] => typeof pair[1] === 'string',
      ),
    ),
    hasDependencies:
      Object.keys({ ...objectOrEmpty(dependencies), ...objectOrEmpty(optionalDependencies) }).length > 0,
  };
}

/**
 * What starts the app in `folder`: its own command, else a start script that needs no shell (`node server.js`), else
 * Node with `main` of package.json, index.js or server.js. The program is an absolute path that exists.
 * @throws DeploymentFailure command_not_found, source_invalid
 */
export function resolveStartCommand(folder: string, command: readonly string[] | null): string[] {
  if (command) return resolveProgram(folder, command);
  const manifest = readManifest(folder);
  const script = manifest?.scripts['start'];
  const words = script !== undefined && PLAIN_WORDS.test(script) ? script.trim().split(/ +/) : [];
  if (words[0] === 'node' && words.slice(1).some((word) => !word.startsWith('-') && inside(folder, word))) {
    return [process.execPath, ...words.slice(1)];
  }
  const candidates = [manifest?.main ?? [], ENTRY_FILES].flat();
  const entry = candidates.map((name) => entryFile(folder, name)).find((path) => path !== null);
  if (entry) return [process.execPath, entry];
  throw new DeploymentFailure(
    'command_not_found',
    script === undefined
      ? 'there is nothing to start: set the command of the app, or "main" or a start script in package.json, or add index.js or server.js'
      : 'the start script of package.json is not of the form "node <file> <arguments>" with a file that exists, and there is no "main": set the command of the app',
  );
}

/** Folders that programs are looked up in: the app's own tools first, as npm does. */
export function searchPath(folder: string): string {
  return [
    join(folder, 'node_modules', '.bin'),
    dirname(process.execPath),
    '/usr/local/bin',
    '/usr/bin',
    '/bin',
  ].join(delimiter);
}

function resolveProgram(folder: string, command: readonly string[]): string[] {
  const [program = '', ...words] = command;
  if (program === 'node') return [process.execPath, ...words];
  const path = program.includes('/')
    ? program.startsWith('/')
      ? program
      : join(folder, program)
    : searchPath(folder)
        .split(delimiter)
        .map((place) => join(place, program))
        .find(isExecutable);
  if (path === undefined || !isExecutable(path)) {
    throw new DeploymentFailure(
      'command_not_found',
      `there is no program "${program}" that could be executed`,
    );
  }
  return [path, ...words];
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    // Root passes the check for files nobody may execute.
    const { mode } = statSync(path);
    return statSync(path).isFile() && (mode & 0o111) !== 0;
  } catch {
    return false;
  }
}

function entryFile(folder: string, name: string): string | null {
  for (const candidate of [name, `${name}.js`, join(name, 'index.js')]) {
    if (inside(folder, candidate)) return candidate;
  }
  return null;
}

/** The real path of a regular file of the app; null when there is none or it lies elsewhere. */
function inside(folder: string, name: string): string | null {
  try {
    const path = realpathSync(join(folder, name));
    if (relative(realpathSync(folder), path).startsWith('..')) return null;
    return statSync(path).isFile() ? path : null;
  } catch {
    return null;
  }
}

function objectOrEmpty(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}
