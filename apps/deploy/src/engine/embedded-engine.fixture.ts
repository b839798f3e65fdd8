import { createHash, randomUUID } from 'node:crypto';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { ObjectStore } from '@capsule/storage';
import { EmbeddedEngine, type EngineStore } from './embedded-engine.js';
import type { LogSink, Observation, StartRequest } from './engine.js';
import { EngineHome } from './engine-home.js';

interface FixtureOptions {
  without: ('control groups' | 'users')[];
  logBytesMax: number;
  ports: [number, number];
}

export const MEBIBYTE = 1024 * 1024;

/** An engine with a folder of its own on real files and processes, for specs. */
export class EngineFixture {
  readonly home: EngineHome;
  readonly store: EngineStore;
  readonly engine: EmbeddedEngine;
  readonly log: LogSink & { lines: string[] };

  private readonly engines: EmbeddedEngine[] = [];

  private constructor(
    readonly folder: string,
    objects: ObjectStore,
    private readonly options: FixtureOptions,
  ) {
    this.home = this.anotherHome();
    this.store = {
      putStream: (key, bytes, limits) => objects.putStream(key, bytes, limits),
      getStream: async (key) => (await objects.getStream(key))?.content ?? Readable.from([]),
      delete: async (key) => void (await objects.delete(key)),
    };
    this.engine = this.anotherEngine();
    const lines: string[] = [];
    this.log = { lines, write: (line) => void lines.push(line) };
  }

  static async create(
    options: Partial<FixtureOptions> & Pick<FixtureOptions, 'ports'>,
  ): Promise<EngineFixture> {
    const folder = await mkdtemp(join(tmpdir(), 'capsule-engine-'));
    // Users of apps must be able to pass.
    await chmod(folder, 0o711);
    const defaults = { without: [], logBytesMax: MEBIBYTE };
    const objects = await ObjectStore.open(join(folder, 'objects'));
    return new EngineFixture(folder, objects, { ...defaults, ...options });
  }

  /** What a restarted service would have: the same folders, nothing in memory. */
  anotherEngine(): EmbeddedEngine {
    const [portMin, portMax] = this.options.ports;
    const settings = {
      portMin,
      portMax,
      unpackedBytesMax: 64 * MEBIBYTE,
      buildMemoryBytesMax: 320 * MEBIBYTE,
    };
    const engine = new EmbeddedEngine(this.anotherHome(), this.store, settings);
    this.engines.push(engine);
    return engine;
  }

  private anotherHome(): EngineHome {
    return new EngineHome({ folder: join(this.folder, 'engine'), ...this.options });
  }

  /** Builds an app of the given files. */
  async build(
    files: Record<string, string>,
    options: { command?: string[]; signal?: AbortSignal; deploymentId?: string } = {},
  ) {
    const path = join(this.folder, 'given', randomUUID());
    for (const [name, content] of Object.entries(files)) {
      await mkdir(dirname(join(path, name)), { recursive: true });
      await writeFile(join(path, name), content);
    }
    const artifactKey = `artifacts/${randomUUID()}.tar.gz`;
    const artifact = await this.engine.build({
      deploymentId: options.deploymentId ?? randomUUID(),
      appId: randomUUID(),
      artifactKey,
      source: { path, digest: createHash('sha256').digest('hex') },
      command: options.command ?? null,
      log: this.log,
      signal: options.signal ?? new AbortController().signal,
    });
    return { artifactKey, ...artifact };
  }

  /** Builds and starts an app whose index.js is `program`. */
  async run(program: string, options: Partial<StartRequest> = {}): Promise<StartRequest> {
    const artifact = await this.build({ 'index.js': program });
    const request: StartRequest = {
      instanceId: randomUUID(),
      deploymentId: randomUUID(),
      appId: randomUUID(),
      ...artifact,
      command: null,
      env: {},
      memoryLimitBytes: 256 * MEBIBYTE,
      signal: new AbortController().signal,
      ...options,
    };
    await this.engine.start(request);
    return request;
  }

  /** The first observation that fits. */
  async observed(instanceId: string, fits: (observation: Observation) => boolean): Promise<Observation> {
    for (let tries = 0; tries < 200; tries += 1) {
      const observation = await this.engine.observe(instanceId);
      if (fits(observation)) return observation;
      await delay(50);
    }
    throw new Error(`not seen; last: ${JSON.stringify(await this.engine.observe(instanceId))}`);
  }

  async listening(instanceId: string): Promise<Extract<Observation, { state: 'running' }>> {
    return (await this.observed(instanceId, (o) => o.state === 'running' && o.listening)) as Extract<
      Observation,
      { state: 'running' }
    >;
  }

  async logText(deploymentId: string): Promise<string> {
    return (await this.engine.readLog({ deploymentId, offset: 0, maxBytes: MEBIBYTE })).text;
  }

  async close(): Promise<void> {
    for (const engine of this.engines) engine.close();
    for (const kind of ['instances', 'builds', 'fetches'] as const) {
      for (const id of this.home.list(kind)) await this.home.forget(kind, id, 0);
    }
    this.home.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}
