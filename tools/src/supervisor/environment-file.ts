import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { appendFileSync, chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { parseEnv } from 'node:util';
import {
  backupEnvironments,
  type Environment,
  listVariables,
  migrationEnvironments,
  platformEnvironment,
  type Variable,
} from '@capsule/config';
import { appEnvironments } from './platform-settings.js';
import { newPassword } from './secret-file.js';

const environments: Environment[] = [
  ...Object.values(appEnvironments),
  ...Object.values(migrationEnvironments),
  ...Object.values(backupEnvironments),
  platformEnvironment,
];

/** Everything that asks for a generated secret, once. */
const generatedVariables = [
  ...new Map(
    environments
      .flatMap(({ variables }) => listVariables(variables))
      .filter(({ generated }) => generated)
      .map((each) => [each.variable, each]),
  ).values(),
];

/**
 * Writes `.env` with a fresh secret for everything that asks for one, and the key pair that signs tokens, when there
 * is no `.env`. What one that exists says is never touched: somebody's data depends on its passwords.
 * @returns whether it wrote one.
 */
export function ensureEnvironmentFile(workspace: string, home: string): boolean {
  const path = join(workspace, '.env');
  if (existsSync(path)) return false;
  const lines = generatedVariables.map((each) => `${secretLine(each, workspace, home)}\n`);
  const head =
    '# Written once by `npm start`, never overwritten. Every other variable of .env.example may be added here.\n' +
    '# The passwords belong to the data they were used with: a new file needs `npm run reset`.\n';
  writeFileSync(path, [head, ...lines].join('\n'), { mode: 0o600, flag: 'wx' });
  return true;
}

/**
 * Adds to `.env` the secrets that it lacks and the environment does not have either.
 * @param hasData whether data may have been made already, which depends on all but those that came into being later
 * @returns the names of the variables added.
 * @throws LostSecretsError, with nothing written, when one is missing that data may depend on.
 */
export function addMissingSecrets(
  workspace: string,
  home: string,
  environment: NodeJS.ProcessEnv,
  hasData: boolean,
): string[] {
  const present = readEnvironment(workspace, environment);
  const missing = generatedVariables.filter(
    ({ variable }) => !present[variable] && !present[`${variable}_FILE`],
  );
  const lost = missing.filter(({ addedLater }) => hasData && !addedLater);
  if (lost.length > 0) throw new LostSecretsError(lost);
  if (missing.length === 0) return [];
  const path = join(workspace, '.env');
  // Somebody may have written it for everybody to read; that ends before secrets of ours go in.
  chmodSync(path, 0o600);
  appendFileSync(path, missing.map((each) => `\n${secretLine(each, workspace, home)}\n`).join(''));
  return missing.map(({ variable }) => variable);
}

class LostSecretsError extends Error {
  constructor(lost: readonly Variable[]) {
    const names = lost.map(({ variable }) => variable).join(', ');
    super(`.env lacks what the data was made with: ${names}. Put it back, or npm run reset and begin anew.`);
    this.name = 'LostSecretsError';
  }
}

function secretLine(each: Variable, workspace: string, home: string): string {
  return `# ${each.description}\n${generate(each, workspace, home)}`;
}

/**
 * The variables that hold for this start: the environment first, then `.env`. A secret given in one form (`X` or
 * `X_FILE`) replaces the other form of the file.
 */
export function readEnvironment(workspace: string, environment: NodeJS.ProcessEnv): Record<string, string> {
  const path = join(workspace, '.env');
  const merged = new Map(Object.entries(existsSync(path) ? parseEnv(readFileSync(path, 'utf8')) : {}));
  for (const [name, value] of Object.entries(environment)) {
    if (!value) continue;
    merged.delete(name.endsWith('_FILE') ? name.slice(0, -'_FILE'.length) : `${name}_FILE`);
    merged.set(name, value);
  }
  return Object.fromEntries([...merged].filter((entry): entry is [string, string] => entry[1] !== undefined));
}

function generate(each: Variable, workspace: string, home: string): string {
  if (each.generated !== 'rsa-private-key-file') return `${each.variable}=${newPassword()}`;
  const path = join(home, 'keys', `${each.variable.toLowerCase().replaceAll('_', '-')}.pem`);
  ensureKeyPair(path);
  // Relative where it can be: the checkout may be moved, and processes run in it.
  const inside = relative(workspace, path);
  return `${each.variable}_FILE=${inside.startsWith('..') || isAbsolute(inside) ? path : inside}`;
}

/** An RSA key pair in two PEM files, made when the private one is missing; the public one always matches it. */
export function ensureKeyPair(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  if (!existsSync(path)) {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    writeFileSync(path, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600, flag: 'wx' });
  }
  const publicPath = path.replace(/\.pem$/, '.pub.pem');
  if (existsSync(publicPath)) return;
  const publicKey = createPublicKey(createPrivateKey(readFileSync(path)));
  writeFileSync(publicPath, publicKey.export({ type: 'spki', format: 'pem' }), { mode: 0o600 });
}

/** Makes the signing key again when `.env` names one inside the home and the home was thrown away by hand. */
export function mendKeyPair(
  source: Readonly<Record<string, string | undefined>>,
  workspace: string,
  home: string,
): void {
  const named = source['JWT_PRIVATE_KEY_FILE'];
  if (!named) return;
  const path = resolve(workspace, named);
  if (path.startsWith(join(home, 'keys'))) ensureKeyPair(path);
}
