import type { DomainError } from '@capsule/errors';
import type { DataSource } from 'typeorm';
import { overloaded, unavailable } from './outage.js';
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

/**
 * @throws DomainError platform.service.overloaded when no connection is free in time, platform.upstream.unavailable
 *   when none can be made
 */
export function takeClient(dataSource: DataSource): Promise<PooledClient> {
  return new Promise((resolve, reject) => {
    const pool = poolOf(dataSource);
    if (pool === undefined) return reject(unavailable(new Error('The pool has ended.')));
    pool.connect((error, client, release) => {
      if (client === undefined) reject(refusal(error));
      else resolve({ client, release });
    });
  });
}

/** The wording is pg-pool's, which has no code for it; a spec watches it. */
function refusal(cause = new Error('The pool gave no connection.')): DomainError {
  return cause.message === 'timeout exceeded when trying to connect' ? overloaded(cause) : unavailable(cause);
}

/** Opens that many connections, so that the first requests don't wait for them. What can't be opened now is opened when it is needed. */
export async function openPool(dataSource: DataSource, count: number): Promise<void> {
  const taken = await Promise.allSettled(Array.from({ length: count }, () => takeClient(dataSource)));
  for (const each of taken) if (each.status === 'fulfilled') each.value.release(false);
}
