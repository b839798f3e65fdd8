import { type DynamicModule, Module, type OnApplicationShutdown } from '@nestjs/common';
import type { DatabaseSettings } from '@capsule/config';
import { DataSource } from 'typeorm';
import { createDataSource, type Entities } from './data-source.js';
import { Database } from './database.js';
import { EntityDrift } from './drift/entity-drift.js';
import { openPool } from './pool.js';
import { registerPoolGauges } from './pool-metrics.js';
import { explainConnectionFailure } from './connection-failure.js';

export interface DatabaseOptions {
  entities: Entities;
}

/** Database and TypeORM's DataSource of one service. The pool ends after everything that uses it was drained. */
@Module({})
export class DatabaseModule implements OnApplicationShutdown {
  constructor(private readonly database: Database) {}

  static forService(settings: DatabaseSettings, { entities }: DatabaseOptions): DynamicModule {
    return {
      module: DatabaseModule,
      global: true,
      providers: [
        {
          provide: DataSource,
          useFactory: () => connect(settings, entities),
        },
        { provide: Database, useFactory: (source: DataSource) => new Database(source), inject: [DataSource] },
        EntityDrift,
      ],
      exports: [Database, DataSource, EntityDrift],
    };
  }

  /** Nest calls this last, after the modules that serve requests and consume events have stopped. */
  async onApplicationShutdown(): Promise<void> {
    await this.database.close();
  }
}

async function connect(settings: DatabaseSettings, entities: Entities): Promise<DataSource> {
  const dataSource = createDataSource(settings, settings.user, entities);
  try {
    await dataSource.initialize();
  } catch (error) {
    throw explainConnectionFailure(error, settings);
  }
  await openPool(dataSource, Math.min(settings.poolMin, settings.poolMax));
  registerPoolGauges(dataSource, settings.poolMax);
  return dataSource;
}
