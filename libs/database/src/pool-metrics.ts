import { gauge } from '@capsule/telemetry';
import type { DataSource } from 'typeorm';
import { poolOf } from './pool.js';

/** Connections in use and idle, and requests that wait for one; read when somebody scrapes. */
export function registerPoolGauges(dataSource: DataSource, connectionsMax: number): void {
  gauge({
    name: 'capsule_database_pool_connections',
    help: 'Connections of the pool by state',
    labelNames: ['state'],
    collect() {
      const { totalCount = 0, idleCount = 0 } = poolOf(dataSource) ?? {};
      this.set({ state: 'idle' }, idleCount);
      this.set({ state: 'used' }, totalCount - idleCount);
      this.set({ state: 'max' }, connectionsMax);
    },
  });
  gauge({
    name: 'capsule_database_pool_waiting',
    help: 'Requests that wait for a connection',
    collect() {
      this.set(poolOf(dataSource)?.waitingCount ?? 0);
    },
  });
}
