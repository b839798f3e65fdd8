/**
 * Brings one commit of a git repository here, without ever checking it out:
 *
 *   fetch (depth 1, as a run of its own) ─► archive (a second run) ─► the same careful unpacking as any archive
 *
 * Both runs are unprivileged, bounded in memory, and ended with everything they started when the signal fires. Git
 * gets no configuration but what stands here: no prompt, no hooks, no submodules, no helper protocols, no redirects
 * (one could lead to an address that was not looked at), and addresses instead of a second name lookup.
 */
import { createHash, type Hash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { mkdir, open, readdir, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { DeploymentFailure } from '../engine/deployment-failure.js';
import type { EngineHome } from '../engine/engine-home.js';
import type { Run } from '../engine/run.js';
import { resolveGitHost } from './git-address.js';
import { checkGitRef, checkGitUrl } from './git-url.js';
import type { FetchedSource, FetchRequest, GitSource } from './source-fetcher.js';
import { unpackTar, type UnpackLimits } from './unpack.js';

export interface GitFetch extends FetchRequest {
  source: GitSource;
  target: string;
  limits: UnpackLimits;
  privateAllowed: boolean;
}

const MEMORY_BYTES = 1024 ** 3;
const LOOK_INTERVAL_MS = 100;
const REF = 'refs/capsule/source';
const PROGRAMS = ['/usr/bin/git', '/usr/local/bin/git', '/opt/homebrew/bin/git'];
const OPTIONS = [
  'protocol.allow=never',
  'protocol.https.allow=always',
  'protocol.http.allow=always',
  'http.followRedirects=false',
  'http.lowSpeedLimit=1000',
  'http.lowSpeedTime=30',
  'core.hooksPath=/dev/null',
  'credential.helper=',
  'fetch.recurseSubmodules=false',
  'gc.auto=0',
  'maintenance.auto=false',
];
const ENVIRONMENT = {
  GIT_TERMINAL_PROMPT: '0',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_ASKPASS: '/bin/false',
};

export async function fetchGit(home: EngineHome, request: GitFetch): Promise<FetchedSource> {
  const { deploymentId, source, log, signal, limits, target } = request;
  checkGitUrl(source.url);
  if (source.ref !== undefined) checkGitRef(source.ref);
  // Written as it was understood here: git must not read another host out of the same text.
  const url = new URL(source.url);
  const addresses = await resolveGitHost(url, request.privateAllowed);
  log.write(`Fetching ${source.ref ?? 'the default branch'} of ${source.url}.`);

  const fetching = await home.prepare('fetches', deploymentId);
  const repository = join(fetching.filesFolder, 'app', 'repository');
  await layRepository(repository);
  const wanted = `${source.ref ?? 'HEAD'}:${REF}`;
  const pinned = ['-c', `http.curloptResolve=${pin(url, addresses)}`];
  await git(home, fetching, request, join(repository, 'objects', 'pack'), [
    ...[...pinned, '--git-dir=repository', 'fetch', '--quiet', '--depth=1', '--no-tags'],
    ...['--no-write-fetch-head', '--', url.href, wanted],
  ]);

  const archiving = await home.prepare('fetches', archiveRun(deploymentId));
  await mkdir(join(archiving.filesFolder, 'app'));
  await rename(repository, join(archiving.filesFolder, 'app', 'repository'));
  const place = join(archiving.filesFolder, 'app', 'output');
  await mkdir(place);
  await git(home, archiving, request, place, [
    ...['--git-dir=repository', 'archive', '--format=tar', '--output=output/source.tar', REF],
  ]);

  const file = join(place, 'source.tar');
  const hash = createHash('sha256');
  await unpackTar(hashed(file, hash, signal), target, { ...limits, keepTopFolder: true });
  const gitCommit = await commitOf(file);
  log.write(`Fetched commit ${gitCommit}.`);
  return { path: target, digest: hash.digest('hex'), gitCommit };
}

/** Ends and removes what a fetch of the deployment left behind. */
export async function discardGitFetch(home: EngineHome, deploymentId: string): Promise<void> {
  await home.forget('fetches', deploymentId, 0);
  await home.forget('fetches', archiveRun(deploymentId), 0);
}

const archiveRun = (deploymentId: string) => `${deploymentId}-archive`;

/** What `git init --bare` would make, less its samples: written by hand so that a run is left for the fetch. */
async function layRepository(folder: string): Promise<void> {
  await mkdir(join(folder, 'objects', 'pack'), { recursive: true });
  await mkdir(join(folder, 'refs', 'heads'), { recursive: true });
  await mkdir(join(folder, 'info'));
  await writeFile(join(folder, 'HEAD'), 'ref: refs/heads/none\n');
  await writeFile(join(folder, 'config'), '[core]\n\trepositoryformatversion = 0\n\tbare = true\n');
  // An archive leaves out and rewrites what the repository's attributes say; a deployment wants the files as they are.
  await writeFile(join(folder, 'info', 'attributes'), '* -export-ignore -export-subst\n');
}

/** @param growing folder whose files may not exceed the limit of unpacked bytes while git runs */
async function git(
  home: EngineHome,
  run: Run,
  request: GitFetch,
  growing: string,
  words: string[],
): Promise<void> {
  const program = PROGRAMS.find((path) => existsSync(path));
  if (!program)
    throw new DeploymentFailure('platform_error', 'git is not installed on the machine that builds');
  const { signal, limits } = request;
  await home.giveFiles(run);
  await run.start({
    argv: [program, ...OPTIONS.flatMap((option) => ['-c', option]), ...words],
    env: { ...home.environment(run), ...ENVIRONMENT },
    memoryLimitBytes: MEMORY_BYTES,
    logFolder: home.logs.folderOf(request.deploymentId),
  });
  for (;;) {
    signal.throwIfAborted();
    const status = run.status();
    if ((await folderBytes(growing)) > limits.unpackedBytes) {
      throw new DeploymentFailure(
        'source_invalid',
        `the repository is larger than ${limits.unpackedBytes} bytes`,
      );
    }
    if (status.state === 'ended') {
      if (status.exit.code === 0) return;
      const how = status.exit.memoryExceeded
        ? 'needed too much memory'
        : (status.exit.signal ?? `code ${status.exit.code}`);
      throw new DeploymentFailure('source_unavailable', `git could not fetch it (${how}): see the log`);
    }
    await delay(LOOK_INTERVAL_MS, undefined, { signal }).catch(() => {});
  }
}

/** `host:port:address,address` as curl's --resolve takes it. */
function pin(url: URL, addresses: string[]): string {
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  const list = addresses.map((address) => (address.includes(':') ? `[${address}]` : address));
  return `${url.hostname}:${port}:${list.join(',')}`;
}

async function folderBytes(folder: string): Promise<number> {
  let bytes = 0;
  for (const name of await readdir(folder)) {
    // Git renames its temporary files.
    bytes += await stat(join(folder, name)).then(
      ({ size }) => size,
      () => 0,
    );
  }
  return bytes;
}

async function* hashed(file: string, hash: Hash, signal: AbortSignal) {
  for await (const bytes of createReadStream(file, { signal }) as AsyncIterable<Uint8Array>) {
    hash.update(bytes);
    yield bytes;
  }
}

/** Git puts the commit into the comment of the archive's first header, as `git get-tar-commit-id` reads it. */
async function commitOf(file: string): Promise<string> {
  const handle = await open(file);
  try {
    const { buffer } = await handle.read(Buffer.alloc(128), 0, 128, 512);
    return /^\d+ comment=([0-9a-f]{40,64})\n/.exec(buffer.toString('latin1'))?.[1] ?? '';
  } finally {
    await handle.close();
  }
}
