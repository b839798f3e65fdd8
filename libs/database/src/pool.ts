import type { DataSource } from 'typeorm';
import type { SessionClient } from './session-client.js';

type Release = (destroy: boolean) => void;

/** What TypeORM has of pg's pool. */
export interface Pool {
  readonly totalCount: number;
  readonly idleCount: number;
  readonly waitingCount: number;
  connect(
    callback: (error: Error | undefined, client: SessionClient | undefined, release: Release) => void,
  ): void;
}

export interface PooledClient {
  client: SessionClient;
  /** Gives the connection back; `destroy` when nobody may have it again. */
  release: Release;
}

/** Undefined before the data source is initialised and after it was destroyed. */
export function poolOf({ driver }: DataSource): Pool | undefined {
  return 'master' in driver ? (driver.master as Pool | undefined) : undefined;
}

/** @throws pg-pool's error when no connection is free in time, or the server's when none can be made */
export function takeClient(dataSource: DataSource): Promise<PooledClient> {
  return new Promise((resolve, reject) => {
    const pool = poolOf(dataSource);
    if (pool === undefined) return reject(new Error('The pool has ended.'));
    pool.connect((error, client, release) => {
      if (client === undefined) reject(error ?? new Error('The pool gave no connection.'));
      else resolve({ client, release });
    });
  });
}

/** Opens that many connections, so that the first requests don't wait for them. What can't be opened now is opened when it is needed. */
export async function openPool(dataSource: DataSource, count: number): Promise<void> {
  const taken = await Promise.allSettled(Array.from({ length: count }, () => takeClient(dataSource)));
  for (const each of taken) if (each.status === 'fulfilled') each.value.release(false);
}
