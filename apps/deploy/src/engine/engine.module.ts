import type { Readable } from 'node:stream';
import { Global, Module } from '@nestjs/common';
import { ObjectStore } from '@capsule/storage';
import { config, type DeploySettings } from '../config.js';
import { DeploymentFailure } from './deployment-failure.js';
import { EmbeddedEngine } from './embedded-engine.js';
import { ENGINE } from './engine.js';
import { EngineHome } from './engine-home.js';
import { LocalSourceFetcher } from '../source/local-source-fetcher.js';
import { SOURCE_FETCHER } from '../source/source-fetcher.js';

const BUILD_MEMORY_BYTES = 2 * 1024 ** 3;

/** The engine and the fetcher read whole objects; one that is not there is a failed deployment, not a fault. */
function streamsOf(store: ObjectStore, missing: () => DeploymentFailure) {
  return {
    async getStream(key: string): Promise<Readable> {
      const object = await store.getStream(key);
      if (!object) throw missing();
      return object.content;
    },
    putStream: (key: string, bytes: Readable, limits: { maxBytes: number; signal: AbortSignal }) =>
      store.putStream(key, bytes, limits),
    delete: async (key: string) => void (await store.delete(key)),
  };
}

const archiveMissing = () =>
  new DeploymentFailure('source_unavailable', 'The uploaded archive is not there any more.');
const artifactMissing = () => new DeploymentFailure('platform_error', 'The artifact is not there any more.');

/** Which engine runs the apps: the one place that knows. Global, since everything that runs something asks it. */
@Global()
@Module({
  providers: [
    {
      provide: ObjectStore,
      inject: [config.KEY],
      useFactory: (settings: DeploySettings) => ObjectStore.open(settings.storage.folder),
    },
    {
      provide: EngineHome,
      inject: [config.KEY],
      useFactory: ({ engine, limits }: DeploySettings) =>
        new EngineHome({ folder: engine.folder, logBytesMax: limits.logBytes }),
    },
    {
      provide: ENGINE,
      inject: [EngineHome, ObjectStore, config.KEY],
      useFactory: (home: EngineHome, store: ObjectStore, { engine, limits }: DeploySettings) =>
        new EmbeddedEngine(home, streamsOf(store, artifactMissing), {
          portMin: engine.portMin,
          portMax: engine.portMax,
          unpackedBytesMax: limits.unpackedBytes,
          buildMemoryBytesMax: BUILD_MEMORY_BYTES,
        }),
    },
    {
      provide: SOURCE_FETCHER,
      inject: [EngineHome, ObjectStore, config.KEY],
      useFactory: (home: EngineHome, store: ObjectStore, { limits, git }: DeploySettings) =>
        new LocalSourceFetcher(home, streamsOf(store, archiveMissing), {
          unpackedBytesMax: limits.unpackedBytes,
          gitPrivateAllowed: git.privateHosts === 'allow',
        }),
    },
  ],
  exports: [ENGINE, SOURCE_FETCHER, ObjectStore],
})
export class EngineModule {}
