import { createReadStream, existsSync, realpathSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import type { Artifact, BuildRequest } from './engine.js';
import { DeploymentFailure } from './deployment-failure.js';
import type { EngineHome } from './engine-home.js';
import { packFolder } from './pack.js';
import type { Run } from './run.js';
import { readManifest, resolveStartCommand } from './start-command.js';
import type { TreeLimits } from './tree-bounds.js';

export interface BuildLimits extends TreeLimits {
  memoryBytes: number;
}

/** The part of the object store that artifacts need. */
export interface ArtifactStore {
  putStream(
    key: string,
    bytes: Readable,
    limits: { maxBytes: number; signal: AbortSignal },
  ): Promise<unknown>;
}

/**
 * Turns sources, which it takes away, into an artifact: installs the dependencies that package.json names (with npm, as the user of the
 * build), makes sure there is something to start, and packs the folder.
 *
 * Cut by a crash it is begun again from the sources, under another key.
 */
export async function buildArtifact(
  home: EngineHome,
  store: ArtifactStore,
  limits: BuildLimits,
  request: BuildRequest,
): Promise<Artifact> {
  const { deploymentId, artifactKey, source, signal, log } = request;
  const run = await home.prepare('builds', deploymentId);
  const app = join(run.filesFolder, 'app');
  try {
    // Taken, not copied: a copy would make a file of every hard link, and nothing could stop it.
    await rename(source.path, app);
    await home.giveFiles(run);
    await installDependencies(home, run, limits, request);
    signal.throwIfAborted();
    resolveStartCommand(app, request.command);
    const file = join(home.pathOf('builds', deploymentId), 'artifact.tar.gz');
    const { digest, sizeBytes } = await packFolder(file, {
      folder: app,
      owner: run.uid,
      limits,
      signal,
    });
    await store.putStream(artifactKey, createReadStream(file), { maxBytes: sizeBytes, signal });
    log.write(`Built ${sizeBytes} bytes, sha256 ${digest}.`);
    return { digest, sizeBytes };
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    await home.forget('builds', deploymentId, 0);
  }
}

async function installDependencies(
  home: EngineHome,
  run: Run,
  limits: BuildLimits,
  { deploymentId, signal, log }: BuildRequest,
): Promise<void> {
  const app = join(run.filesFolder, 'app');
  if (!readManifest(app)?.hasDependencies) return;
  const verb = existsSync(join(app, 'package-lock.json')) ? 'ci' : 'install';
  log.write(`Installing dependencies (npm ${verb}).`);
  await run.start({
    argv: [
      process.execPath,
      npmProgram(),
      verb,
      '--omit=dev',
      '--no-audit',
      '--no-fund',
      '--no-update-notifier',
    ],
    env: { ...home.environment(run), CI: 'true' },
    memoryLimitBytes: limits.memoryBytes,
    logFolder: home.logs.folderOf(deploymentId),
  });
  const exit = await run.ended(signal);
  // A background process of an install script could still change what is packed.
  await run.kill();
  if (exit.memoryExceeded) {
    throw new DeploymentFailure(
      'memory_exceeded',
      `npm ${verb} used more than the ${limits.memoryBytes} bytes a build may hold`,
    );
  }
  if (exit.code !== 0) {
    throw new DeploymentFailure(
      'source_invalid',
      `npm ${verb} failed (${exit.signal ?? `code ${exit.code}`}): see the log`,
    );
  }
}

/** npm as it comes with Node; started by its file, because the `npm` on the PATH may be anything. */
function npmProgram(): string {
  const bin = dirname(process.execPath);
  for (const candidate of [
    join(bin, '../lib/node_modules/npm/bin/npm-cli.js'),
    join(bin, 'npm'),
    '/usr/local/bin/npm',
    '/usr/bin/npm',
  ]) {
    if (existsSync(candidate)) return realpathSync(candidate);
  }
  throw new DeploymentFailure('platform_error', 'npm is not installed on the machine that builds');
}
