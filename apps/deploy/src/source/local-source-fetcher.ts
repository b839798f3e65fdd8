import type { Readable } from 'node:stream';
import type { EngineHome } from '../engine/engine-home.js';
import { removeFolder } from '../engine/remove-folder.js';
import { discardGitFetch, fetchGit } from './git-fetch.js';
import { unpackArchive } from './packed-archive.js';
import type { FetchedSource, FetchRequest, SourceFetcher } from './source-fetcher.js';

export interface SourceSettings {
  /** Bytes of the sources once unpacked. */
  unpackedBytesMax: number;
  /** Whether git may fetch from this machine and its private networks; a self-hosted git server needs it. */
  gitPrivateAllowed: boolean;
}

export interface ArchiveStore {
  getStream(key: string): Promise<Readable> | Readable;
}

const ENTRIES_MAX = 50_000;

/** Fetches into the engine's folder, where the embedded engine builds. */
export class LocalSourceFetcher implements SourceFetcher {
  constructor(
    private readonly home: EngineHome,
    private readonly archives: ArchiveStore,
    private readonly settings: SourceSettings,
  ) {}

  async fetch(request: FetchRequest): Promise<FetchedSource> {
    const { deploymentId, source, signal } = request;
    await this.discard(deploymentId);
    const target = this.home.pathOf('sources', deploymentId);
    const limits = { unpackedBytes: this.settings.unpackedBytesMax, entries: ENTRIES_MAX };
    if (source.kind === 'archive') {
      await unpackArchive(await this.archives.getStream(source.key), target, {
        digest: source.digest,
        limits,
        signal,
      });
      return { path: target, digest: source.digest };
    }
    const privateAllowed = this.settings.gitPrivateAllowed;
    try {
      return await fetchGit(this.home, { ...request, source, target, limits, privateAllowed });
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    } finally {
      await discardGitFetch(this.home, deploymentId);
    }
  }

  async discard(deploymentId: string): Promise<void> {
    await discardGitFetch(this.home, deploymentId);
    const target = this.home.pathOf('sources', deploymentId);
    await removeFolder(`${target}.unpacking`);
    await removeFolder(target);
  }
}
