import { randomUUID } from 'node:crypto';
import { type DataOf, memberAdded } from '@capsule/contracts';
import type { Database, Transaction } from '@capsule/database';
import { TenantRepository } from '../tenant/tenant.repository.js';
import { TenantSchemaService } from '../tenant/tenant-schema.service.js';
import { UserConsumer } from './user.consumer.js';
import { UserRepository } from './user.repository.js';

type Told = Partial<DataOf<typeof memberAdded>>;

/** Events about members, handled as the bus delivers them, without a bus. */
export class MemberEvents {
  private readonly consumer: UserConsumer;

  constructor(private readonly database: Database) {
    const schemas = new TenantSchemaService(database, new TenantRepository());
    this.consumer = new UserConsumer(schemas, new UserRepository());
  }

  /** @returns the member's id */
  async add(tenantId: string, userId: string = randomUUID(), told: Told = {}): Promise<string> {
    await this.database.withTenant(tenantId, (tx) => this.handle(tx, userId, told));
    return userId;
  }

  handle(tx: Transaction, userId: string, told: Told = {}): Promise<void> {
    const organizationId = tx.tenantId!;
    const data = {
      organizationId,
      userId,
      email: 'ada@example.com',
      name: 'Ada',
      role: 'owner' as const,
      addedAt: '2026-01-01T10:00:00.000Z',
      ...told,
    };
    const event = {
      specversion: '1.0' as const,
      id: randomUUID(),
      source: 'capsule/auth',
      type: memberAdded.type,
      datacontenttype: 'application/json' as const,
      time: data.addedAt,
      tenantid: organizationId,
      data,
    };
    return this.consumer.onMemberAdded(event, tx);
  }
}
