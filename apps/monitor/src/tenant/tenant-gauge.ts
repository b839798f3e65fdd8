import { Injectable } from '@nestjs/common';
import { Database } from '@capsule/database';
import { gauge } from '@capsule/telemetry';
import { TenantRepository } from './tenant.repository.js';

/** How many tenants are in which state, counted when somebody scrapes and never in between. */
@Injectable()
export class TenantGauge {
  constructor(database: Database, tenants: TenantRepository) {
    gauge({
      name: 'capsule_monitor_tenants',
      help: 'Tenants by the state of their schema; failed ones are tried again',
      labelNames: ['state'],
      async collect() {
        this.reset();
        // While the database is away there is no value; the other metrics must still be told.
        const counts = await database.withoutTenant((tx) => tenants.countByState(tx)).catch(() => []);
        for (const { state, tenants: count } of counts) this.set({ state }, Number(count));
      },
    });
  }
}
