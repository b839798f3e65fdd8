/**
 * What runs the code of organizations. The rest of deploy knows builds, artifacts and instances by id and address
 * only; whether an instance is a process or a container, what it is called there and where its files lie stays
 * behind this interface.
 *
 * Invariants every engine keeps:
 *  - what it runs outlives this service: instances go on through a `kill -9` of deploy and are found again by id;
 *  - `start`, `build`, `stop`, `stopBuild` and `removeArtifact` may be repeated with the same ids (a step that was
 *    cut by a crash is run again) and never lead to a second instance, build or artifact;
 *  - `stop` and `stopBuild` resolve when the thing is gone with everything it started, not when it was asked to go;
 *  - it touches nothing it did not create itself.
 */
import type { FetchedSource } from '../source/source-fetcher.js';

/** Injection token: an interface has no value that could be one. */
export const ENGINE = Symbol('Engine');

export interface Engine {
  /** How the memory limit of an instance is held: by the kernel, or by looking and ending it. */
  readonly memoryLimit: 'cgroup' | 'watchdog';
  /** Whether a hosted app is kept from the platform's files and from other apps, and if not, why. */
  readonly isolation: { isolated: boolean; reason?: string };

  /**
   * Makes an artifact of the sources, whose folder it may use up, and puts it into storage under the key it is given,
   * which is this build's alone. A build of this deployment that an earlier life of the service left behind is ended first.
   * @throws DeploymentFailure source_invalid, command_not_found, memory_exceeded, platform_error
   * @throws the reason of `signal`, after everything the build started is gone
   */
  build(request: BuildRequest): Promise<Artifact>;
  /** Resolves when nothing of a build of this deployment runs any more. */
  stopBuild(deploymentId: string): Promise<void>;
  /** Deletes an artifact that `build` made; one that is gone already is no error. */
  removeArtifact(artifactKey: string): Promise<void>;

  /**
   * Starts the instance, or finds it when it was started before (also when it has ended meanwhile: an instance is
   * started once in its life). Returns when it was started, not when it listens.
   * @throws DeploymentFailure command_not_found, source_invalid, platform_error
   * @throws the reason of `signal` when it was aborted before the instance was started, which then is not started any more
   */
  start(request: StartRequest): Promise<{ address: InstanceAddress }>;
  observe(instanceId: string): Promise<Observation>;
  /** Asks it to end, ends it by force after `graceSeconds`, forgets it. An unknown id is no error. */
  stop(instanceId: string, options: { graceSeconds: number }): Promise<void>;
  /** Ids of everything that runs here, also of what an earlier life of the service started. */
  list(): Promise<string[]>;
  /** Called soon after an instance ended on its own. A call can be missed (restart): whoever needs to know looks, too. */
  onExit(listener: (instanceId: string) => void): void;
  /** Use of those of the given instances that run. */
  sample(instanceIds: readonly string[]): Promise<InstanceSample[]>;

  /** Where the platform itself writes into the log of a deployment, between what its build and instances write. */
  openLog(deploymentId: string): LogSink;
  readLog(request: LogRequest): Promise<LogChunk>;
  /** Deletes the log of a deployment of which nothing runs; one that is gone already is no error. */
  removeLog(deploymentId: string): Promise<void>;
}

export interface BuildRequest {
  deploymentId: string;
  appId: string;
  /** Where in storage the artifact goes. */
  artifactKey: string;
  source: FetchedSource;
  /** The app's own command; without one what the sources say (`node <main of package.json>`). */
  command: string[] | null;
  log: LogSink;
  /** Aborted when the build is canceled, timed out or the service stops. */
  signal: AbortSignal;
}

export interface Artifact {
  /** Lower-case hex SHA-256 of what will run. */
  digest: string;
  sizeBytes: number;
}

export interface StartRequest {
  instanceId: string;
  deploymentId: string;
  appId: string;
  artifactKey: string;
  digest: string;
  command: string[] | null;
  /** Of the app; the engine adds PORT. */
  env: Record<string, string>;
  memoryLimitBytes: number;
  /** Aborted when the start is canceled, timed out or the service stops. */
  signal: AbortSignal;
}

/** Where the instance takes HTTP, reachable from this service and from the edge. */
export interface InstanceAddress {
  host: string;
  port: number;
}

export type Observation =
  | {
      state: 'running';
      address: InstanceAddress;
      /** Of the artifact it was really started from. */
      digest: string;
      /**
       * Whether the instance itself takes connections on its address. False while nothing does, and when something
       * else on the machine answers there: a response to a health check would not be the instance's then.
       */
      listening: boolean;
    }
  | { state: 'exited'; exit: InstanceExit }
  | { state: 'absent' };

export interface InstanceExit {
  reason: 'ended' | 'memory_exceeded' | 'command_not_found';
  code: number | null;
  /** For people: "exited with code 1", "killed by SIGSEGV". */
  detail: string;
}

export interface InstanceSample {
  instanceId: string;
  /** CPU seconds of everything the instance consists of since it started; never shrinks. */
  cpuSecondsTotal: number;
  /** Resident bytes now. */
  memoryBytes: number;
}

export interface LogSink {
  /** Appends one line (no line break needed). Never throws and never blocks: a log is no reason to fail. */
  write(line: string): void;
}

export interface LogRequest {
  deploymentId: string;
  /** Bytes since the beginning of the log. One past the end or in the rotated part is answered with what there is. */
  offset: number;
  maxBytes: number;
}

/** Whole lines; `text` is empty when nothing follows `offset` yet. A line longer than `maxBytes` comes in pieces. */
export interface LogChunk {
  text: string;
  startOffset: number;
  nextOffset: number;
}
