/**
 * The engine for laptops and tests: instances are processes of this machine, held by runners that outlive the service.
 *
 *   start:   instance.json ─► files unpacked from the artifact ─► runner (see run.ts)
 *   observe: running | exited | absent, read anew from files and the process table each time
 *   ended:   the runner holds the port until the instance is stopped: nobody is taken for it meanwhile
 *   stop:    SIGTERM, grace, SIGKILL until nothing is left, then the folder is removed
 *
 * Invariants: an instance is started at most once (its runner claims the folder exclusively); a folder without a
 * claim is one whose start was cut by a crash, and the next `start` begins it anew; a program that ended on its own
 * leaves no child behind by the time anyone is told; nothing outside the engine's folder, control groups and users is
 * touched. What this engine can't do is hold back what an app does on the network of the machine or how much disk it
 * fills: that takes containers.
 */
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { Logger } from '@nestjs/common';
import { unpackArchive } from '../source/packed-archive.js';
import { type ArtifactStore, buildArtifact, type BuildLimits } from './build.js';
import { DeploymentFailure } from './deployment-failure.js';
import type {
  Artifact,
  BuildRequest,
  Engine,
  InstanceAddress,
  InstanceExit,
  InstanceSample,
  LogChunk,
  LogRequest,
  LogSink,
  Observation,
  StartRequest,
} from './engine.js';
import type { EngineHome } from './engine-home.js';
import { INSTANCE_HOST, InstancePorts } from './instance-ports.js';
import { MemoryWatchdog } from './memory-watchdog.js';
import { readRecord, writeRecord } from './record-file.js';
import type { EndOfRun, Run } from './run.js';
import { listeningUsers } from './runner/process-table.mjs';
import { resolveStartCommand } from './start-command.js';
import { Trespassers } from './trespassers.js';

export interface EmbeddedEngineSettings {
  portMin: number;
  portMax: number;
  /** Bytes of an app with its dependencies, unpacked. */
  unpackedBytesMax: number;
  buildMemoryBytesMax: number;
}

export interface EngineStore extends ArtifactStore {
  getStream(key: string): Promise<Readable> | Readable;
  delete(key: string): Promise<void>;
}

interface Instance {
  run: Run;
  port: number;
  digest: string;
  memoryLimitBytes: number;
}

type InstanceRecord = Omit<Instance, 'run'>;

const WATCH_INTERVAL_MS = 1_000;
const ENTRIES_MAX = 200_000;

export class EmbeddedEngine implements Engine {
  readonly memoryLimit: 'cgroup' | 'watchdog';
  readonly isolation: { isolated: boolean; reason?: string };
  private readonly instances = new Map<string, Instance>();
  private readonly logger = new Logger(EmbeddedEngine.name);
  private readonly announced = new Set<string>();
  private readonly ending = new Set<string>();
  private readonly cpuSeconds = new Map<string, number>();
  private readonly listeners: ((instanceId: string) => void)[] = [];
  private readonly ports: InstancePorts;
  private readonly watch: NodeJS.Timeout;
  private readonly buildLimits: BuildLimits;
  private readonly watchdog: MemoryWatchdog | null;
  private readonly trespassers: Trespassers;

  constructor(
    private readonly home: EngineHome,
    private readonly store: EngineStore,
    settings: EmbeddedEngineSettings,
  ) {
    this.memoryLimit = home.groups ? 'cgroup' : 'watchdog';
    this.isolation = home.users.isolation;
    this.ports = new InstancePorts(settings.portMin, settings.portMax);
    this.buildLimits = {
      unpackedBytes: settings.unpackedBytesMax,
      entries: ENTRIES_MAX,
      memoryBytes: settings.buildMemoryBytesMax,
    };
    this.watchdog = home.groups ? null : new MemoryWatchdog(home);
    this.trespassers = new Trespassers(home, {
      min: settings.portMin,
      max: settings.portMax,
      owners: () => new Map([...this.instances.values()].map(({ port, run }) => [port, run.uid])),
      portOf: (run) =>
        readRecord<InstanceRecord>(join(dirname(run.filesFolder), 'instance.json'))?.port ?? null,
    });
    this.adopt();
    this.watch = setInterval(() => this.look(), WATCH_INTERVAL_MS);
    this.watch.unref();
  }

  build(request: BuildRequest): Promise<Artifact> {
    return buildArtifact(this.home, this.store, this.buildLimits, request);
  }

  stopBuild(deploymentId: string): Promise<void> {
    return this.home.forget('builds', deploymentId, 0);
  }

  removeArtifact(artifactKey: string): Promise<void> {
    return this.store.delete(artifactKey);
  }

  async start(request: StartRequest): Promise<{ address: InstanceAddress }> {
    const { instanceId } = request;
    const known = this.instances.get(instanceId);
    if (known && known.run.status().state !== 'prepared') return { address: addressOf(known) };
    const taken = new Set([...this.instances.values()].map(({ port }) => port));
    const record = {
      port: await this.ports.assign(taken),
      digest: request.digest,
      memoryLimitBytes: request.memoryLimitBytes,
    };
    const run = await this.home.prepare('instances', instanceId);
    writeRecord(this.recordPath(instanceId), record);
    this.instances.set(instanceId, { run, ...record });
    const app = join(run.filesFolder, 'app');
    await unpackArchive(await this.store.getStream(request.artifactKey), app, {
      digest: request.digest,
      limits: this.buildLimits,
      signal: request.signal,
    });
    await this.home.giveFiles(run);
    request.signal.throwIfAborted();
    const program = {
      argv: resolveStartCommand(app, request.command),
      env: {
        NODE_ENV: 'production',
        ...this.home.environment(run),
        ...request.env,
        PORT: String(record.port),
        HOST: INSTANCE_HOST,
      },
      memoryLimitBytes: record.memoryLimitBytes,
      logFolder: this.home.logs.folderOf(request.deploymentId),
      address: addressOf(record),
    };
    await run.start(program, () => this.look());
    const status = run.status();
    if (status.state === 'ended' && status.exit.notFound) {
      throw new DeploymentFailure('command_not_found', `"${program.argv.join(' ')}" could not be executed`);
    }
    if (status.state === 'prepared') throw new Error(`the runner of instance ${instanceId} did not start`);
    return { address: addressOf(record) };
  }

  async observe(instanceId: string): Promise<Observation> {
    const instance = this.instances.get(instanceId);
    const status = instance?.run.status();
    if (!instance || !status || status.state === 'prepared') return { state: 'absent' };
    if (status.state === 'running') {
      return {
        state: 'running',
        address: addressOf(instance),
        digest: instance.digest,
        listening: listens(instance),
      };
    }
    await instance.run.kill();
    return { state: 'exited', exit: describe(status.exit, instance.memoryLimitBytes) };
  }

  async stop(instanceId: string, { graceSeconds }: { graceSeconds: number }): Promise<void> {
    await this.home.forget('instances', instanceId, graceSeconds);
    this.letGo(instanceId);
  }

  async list(): Promise<string[]> {
    this.adopt();
    return [...this.instances.keys()];
  }

  onExit(listener: (instanceId: string) => void): void {
    this.listeners.push(listener);
  }

  async sample(instanceIds: readonly string[]): Promise<InstanceSample[]> {
    return instanceIds.flatMap((instanceId) => {
      const instance = this.instances.get(instanceId);
      if (instance?.run.status().state !== 'running') return [];
      const { cpuSeconds, memoryBytes } = instance.run.usage();
      // Without a control group the time of a child that ended unseen is lost; the counter stays where it was.
      const cpuSecondsTotal = Math.max(cpuSeconds, this.cpuSeconds.get(instanceId) ?? 0);
      this.cpuSeconds.set(instanceId, cpuSecondsTotal);
      return [{ instanceId, cpuSecondsTotal, memoryBytes }];
    });
  }

  openLog(deploymentId: string): LogSink {
    return this.home.logs.open(deploymentId);
  }

  async readLog(request: LogRequest): Promise<LogChunk> {
    return this.home.logs.read(request);
  }

  removeLog(deploymentId: string): Promise<void> {
    return this.home.logs.remove(deploymentId);
  }

  /** Stops looking after instances; they go on. */
  close(): void {
    clearInterval(this.watch);
  }

  /** Takes over what another life of the service started, and lets go of what it removed. */
  private adopt(): void {
    const present = new Set(this.home.list('instances'));
    for (const instanceId of this.instances.keys()) if (!present.has(instanceId)) this.letGo(instanceId);
    for (const instanceId of present) {
      if (this.instances.has(instanceId)) continue;
      const run = this.home.find('instances', instanceId);
      const record = readRecord<InstanceRecord>(this.recordPath(instanceId));
      // Its start was cut.
      if (!run || !record) continue;
      this.instances.set(instanceId, { run, ...record });
    }
  }

  private recordPath(instanceId: string): string {
    return join(this.home.pathOf('instances', instanceId), 'instance.json');
  }

  private letGo(instanceId: string): void {
    this.instances.delete(instanceId);
    this.announced.delete(instanceId);
    this.cpuSeconds.delete(instanceId);
  }

  /** Ends what uses too much memory (without control groups) or listens where it may not; announces each end once. */
  private look(): void {
    try {
      this.watchdog?.look();
      this.trespassers.look();
      for (const [instanceId, { run }] of this.instances) {
        if (this.ending.has(instanceId) || this.announced.has(instanceId)) continue;
        if (run.status().state === 'ended') void this.finish(instanceId, run);
      }
    } catch (error) {
      this.logger.error('Could not look after what runs', error);
    }
  }

  /** One at a time per instance: what is stuck in the kernel holds up no other, and the next look tries again. */
  private async finish(instanceId: string, run: Run): Promise<void> {
    this.ending.add(instanceId);
    try {
      await run.kill();
      if (this.instances.get(instanceId)?.run !== run) return;
      this.announced.add(instanceId);
      for (const listener of this.listeners) listener(instanceId);
    } catch (error) {
      this.logger.error('An instance could not be ended', error, { instanceId });
    } finally {
      this.ending.delete(instanceId);
    }
  }
}

function addressOf({ port }: { port: number }): InstanceAddress {
  return { host: INSTANCE_HOST, port };
}

/** Whether the instance itself, and not a stranger on its port, takes connections. */
function listens({ port, run }: Instance): boolean {
  const users = listeningUsers(port);
  if (users === null) return true;
  return run.uid === null ? users.length > 0 : users.length > 0 && users.every((uid) => uid === run.uid);
}

function describe(exit: EndOfRun, memoryLimitBytes: number): InstanceExit {
  const { code, signal } = exit;
  if (exit.memoryExceeded) {
    return {
      reason: 'memory_exceeded',
      code,
      detail: `used more than its ${memoryLimitBytes / 1024 ** 2} MiB of memory`,
    };
  }
  if (exit.endedFor !== null) return { reason: 'ended', code, detail: exit.endedFor };
  if (exit.notFound)
    return { reason: 'command_not_found', code, detail: 'its program could not be executed' };
  if (signal) return { reason: 'ended', code, detail: `killed by ${signal}` };
  if (code !== null) return { reason: 'ended', code, detail: `exited with code ${code}` };
  return {
    reason: 'ended',
    code,
    detail: 'its supervision was lost, by a restart of the machine for example',
  };
}
