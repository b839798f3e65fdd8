import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { EmbeddedEngine, type EngineStore } from './embedded-engine.js';
import type { LogSink, Observation, StartRequest } from './engine.js';
import { EngineHome } from './engine-home.js';

interface FixtureOptions {
  controlGroups: boolean;
  logBytesMax: number;
  ports: [number, number];
}

export const MEBIBYTE = 1024 * 1024;

/** An engine with a folder of its own on real files and processes, for specs. */
export class EngineFixture {
  readonly folder = mkdtempSync(join(tmpdir(), 'capsule-engine-'));
  readonly home: EngineHome;
  readonly store: FolderStore;
  readonly engine: EmbeddedEngine;
  readonly log: LogSink & { lines: string[] };

  private constructor(options: FixtureOptions) {
    const folder = join(this.folder, 'engine');
    this.home = new EngineHome({ folder, ...options });
    this.store = new FolderStore(join(this.folder, 'objects'));
    this.engine = this.anotherEngine(options.ports);
    const lines: string[] = [];
    this.log = { lines, write: (line) => void lines.push(line) };
  }

  static async create(options: Partial<FixtureOptions> = {}): Promise<EngineFixture> {
    const fixture = new EngineFixture({
      controlGroups: true,
      logBytesMax: MEBIBYTE,
      ports: [27_700, 27_799],
      ...options,
    });
    await chmod(fixture.folder, 0o711);
    return fixture;
  }

  /** What a restarted service would have: the same folders, nothing in memory. */
  anotherEngine(ports: [number, number] = [27_700, 27_799]): EmbeddedEngine {
    const settings = { portMin: ports[0], portMax: ports[1], unpackedBytesMax: 64 * MEBIBYTE };
    return new EmbeddedEngine(this.home, this.store, settings);
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
    return this.engine.build({
      deploymentId: options.deploymentId ?? randomUUID(),
      appId: randomUUID(),
      source: { path, digest: createHash('sha256').digest('hex') },
      command: options.command ?? null,
      log: this.log,
      signal: options.signal ?? new AbortController().signal,
    });
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
    this.engine.close();
    for (const instanceId of this.home.list('instances')) await this.home.forget('instances', instanceId, 0);
    for (const build of this.home.list('builds')) await this.home.forget('builds', build, 0);
    for (const fetch of this.home.list('fetches')) await this.home.forget('fetches', fetch, 0);
    this.home.groups?.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

class FolderStore implements EngineStore {
  constructor(private readonly folder: string) {}

  async putStream(key: string, bytes: NodeJS.ReadableStream): Promise<void> {
    await mkdir(dirname(join(this.folder, key)), { recursive: true });
    await pipeline(bytes, createWriteStream(join(this.folder, key)));
  }

  getStream(key: string) {
    return createReadStream(join(this.folder, key));
  }

  delete(key: string): Promise<void> {
    return rm(join(this.folder, key), { force: true });
  }
}
