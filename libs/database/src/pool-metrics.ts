import { gauge } from '@capsule/telemetry';
import type { DataSource } from 'typeorm';

interface PoolState {
  totalCount: number;
  idleCount: number;
  waitingCount: number;
}

/** Connections in use and idle, and requests that wait for one; read when somebody scrapes. */
export function registerPoolGauges(dataSource: DataSource, connectionsMax: number): void {
  gauge({
    name: 'capsule_database_pool_connections',
    help: 'Connections of the pool by state',
    labelNames: ['state'],
    collect() {
      const pool = poolOf(dataSource);
      this.set({ state: 'idle' }, pool.idleCount);
      this.set({ state: 'used' }, pool.totalCount - pool.idleCount);
      this.set({ state: 'max' }, connectionsMax);
    },
  });
  gauge({
    name: 'capsule_database_pool_waiting',
    help: 'Requests that wait for a connection',
    collect() {
      this.set(poolOf(dataSource).waitingCount);
    },
  });
}

function poolOf(dataSource: DataSource): PoolState {
  const { driver } = dataSource;
  if ('master' in driver && driver.master) return driver.master as PoolState;
  return { totalCount: 0, idleCount: 0, waitingCount: 0 };
}
