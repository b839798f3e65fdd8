import type { LogSink } from '../engine/engine.js';

/** Injection token: an interface has no value that could be one. */
export const SOURCE_FETCHER = Symbol('SourceFetcher');

/** Brings the sources of a deployment to this machine. */
export interface SourceFetcher {
  /**
   * Fetches and unpacks into a folder of the deployment; what an earlier, interrupted fetch left there is replaced.
   * @throws DeploymentFailure source_unavailable (can't be had), source_invalid (hostile, broken or too large)
   * @throws the reason of `signal`, after everything that was started for it is gone
   */
  fetch(request: FetchRequest): Promise<FetchedSource>;
  /** Removes what `fetch` left for the deployment. Nothing there is no error. */
  discard(deploymentId: string): Promise<void>;
}

export interface FetchRequest {
  deploymentId: string;
  source: ArchiveSource | GitSource;
  log: LogSink;
  signal: AbortSignal;
}

export interface ArchiveSource {
  kind: 'archive';
  /** Key in the object store. */
  key: string;
  /** Lower-case hex SHA-256 and length of the packed bytes, as the gateway measured them. */
  digest: string;
  sizeBytes: number;
}

export interface GitSource {
  kind: 'git';
  url: string;
  /** Branch, tag or full commit id; the default branch without one. */
  ref?: string;
}

export interface FetchedSource {
  /** Folder of the unpacked sources: for the engine's eyes only. */
  path: string;
  /** Lower-case hex SHA-256 of the sources: of the packed archive, or of the commit's tree. */
  digest: string;
  gitCommit?: string;
}
