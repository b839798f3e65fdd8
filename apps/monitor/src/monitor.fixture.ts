import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  appCreated,
  type DataOf,
  type EventContract,
  metricQuery,
  organizationCreated,
  type RequestInputOf,
  type ResponseOf,
  type Role,
  type RpcContract,
  type SeedPlan,
} from '@capsule/contracts';
import {
  createTestDatabase,
  eventually,
  startTestNats,
  type TestDatabase,
  type TestNats,
  TestService,
} from '@capsule/testing';
import type { z } from 'zod';
import { migrateTenants } from './provisioning/migrate-tenants.js';

interface Caller {
  userId?: string;
  role?: Role;
  idempotencyKey?: string;
  deadlineAt?: number;
}

/** The whole monitor service, told of other services by their events and asked as the gateway asks. */
export class MonitorFixture {
  private constructor(
    private readonly database: TestDatabase,
    private readonly nats: TestNats,
    private readonly service: TestService,
  ) {}

  static async start(): Promise<MonitorFixture> {
    const [database, nats] = await Promise.all([createTestDatabase('monitor'), startTestNats()]);
    const service = await TestService.start({
      service: 'monitor',
      module: async () => (await import('./app.module.js')).AppModule,
      database,
      nats,
    });
    return new MonitorFixture(database, nats, service);
  }

  /** Publishes the event and waits until monitor has dealt with it. */
  async tell<C extends EventContract>(
    contract: C,
    data: z.input<C['data']>,
    tenantId: string,
  ): Promise<void> {
    const id = await this.service.emit(contract, data, { tenantId });
    await eventually(async () => {
      expect(await this.rows('SELECT event_id FROM inbox WHERE event_id = $1', [id])).toHaveLength(1);
    });
  }

  /** Tells of an app. @returns its id */
  async tellOfApp(tenantId: string, app: Partial<DataOf<typeof appCreated>> = {}): Promise<string> {
    const appId = app.appId ?? randomUUID();
    const createdAt = '2026-01-01T10:00:00.000Z';
    const whole = { appId, projectId: randomUUID(), name: 'web', host: 'web-acme', createdAt, ...app };
    await this.tell(appCreated, whole, tenantId);
    return appId;
  }

  /** Tells of an organization. @returns its id */
  async tellOfOrganization(tenantId: string = randomUUID()): Promise<string> {
    const founded = {
      organizationId: tenantId,
      name: 'Acme',
      slug: `acme-${tenantId}`,
      ownerUserId: randomUUID(),
      ownerEmail: 'ada@example.com',
      createdAt: '2026-01-01T10:00:00.000Z',
    };
    await this.tell(organizationCreated, founded, tenantId);
    return tenantId;
  }

  /** Does what the provisioner does, for every tenant that waits for it. */
  async provision(): Promise<void> {
    expect((await migrateTenants(this.database.owner, 1)).failed).toEqual([]);
  }

  ask<C extends RpcContract>(
    contract: C,
    request: RequestInputOf<C>,
    tenantId: string,
    { userId = randomUUID(), role = 'viewer', ...context }: Caller = {},
  ): Promise<ResponseOf<C>> {
    const actor = { type: 'user', id: userId, role } as const;
    return this.service.call(contract, request, { tenantId, actor, ...context });
  }

  /** Publishes the event and does not wait. @returns its id */
  emit<C extends EventContract>(contract: C, data: z.input<C['data']>, tenantId: string): Promise<string> {
    return this.service.emit(contract, data, { tenantId });
  }

  /** As `npm run db:seed` has it done. @returns the exit code */
  async seed(plan: SeedPlan): Promise<number> {
    const { seedCommand } = await import('./seed/seed.command.js');
    return seedCommand(this.service.app, () => {}, Readable.from([JSON.stringify(plan)]));
  }

  metrics(tenantId: string, appId: string): Promise<ResponseOf<typeof metricQuery>> {
    return this.ask(metricQuery, { appId }, tenantId);
  }

  /** Looks at the database from outside, unbound by policies. */
  rows<Row>(query: string, values: unknown[]): Promise<Row[]> {
    return this.database.asSuperuser(async (client) => (await client.query(query, values)).rows as Row[]);
  }

  async close(): Promise<void> {
    await this.service.close();
    await Promise.all([this.nats.close(), this.database.close()]);
  }
}
