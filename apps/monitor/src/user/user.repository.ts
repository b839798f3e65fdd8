import { Injectable } from '@nestjs/common';
import type { Role } from '@capsule/contracts';
import type { Transaction } from '@capsule/database';
import type { OwnTables } from '../tenant/own-tables.js';

export interface Member {
  id: string;
  email: string;
  name: string;
  role: Role;
  joinedAt: string;
}

const UPSERT_WAITING = {
  name: 'user-upsert-waiting',
  text: `INSERT INTO waiting_members (tenant_id, user_id, email, name, role, joined_at) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT ON CONSTRAINT pk_waiting_members DO UPDATE
         SET email = excluded.email, name = excluded.name, role = excluded.role`,
};

@Injectable()
export class UserRepository {
  async upsert(tx: Transaction, { users }: OwnTables, member: Member): Promise<void> {
    await tx.query(
      `INSERT INTO ${users} (id, email, name, role, joined_at) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT (id) DO UPDATE SET email = excluded.email, name = excluded.name, role = excluded.role`,
      [member.id, member.email, member.name, member.role, member.joinedAt],
    );
  }

  async exists(tx: Transaction, { users }: OwnTables, id: string): Promise<boolean> {
    return (await tx.query(`SELECT FROM ${users} WHERE id = $1`, [id])).length > 0;
  }

  /** Until the tenant's tables are made; whoever makes them moves them there. */
  async upsertWaiting(tx: Transaction, member: Member): Promise<void> {
    const { id, email, name, role, joinedAt } = member;
    await tx.query(UPSERT_WAITING, [tx.tenantId, id, email, name, role, joinedAt]);
  }
}
