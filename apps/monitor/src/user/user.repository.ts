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

@Injectable()
export class UserRepository {
  async upsert(tx: Transaction, { users }: OwnTables, member: Member): Promise<void> {
    await tx.query(
      `INSERT INTO ${users} (id, email, name, role, joined_at) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT (id) DO UPDATE SET email = excluded.email, name = excluded.name, role = excluded.role`,
      [member.id, member.email, member.name, member.role, member.joinedAt],
    );
  }
}
