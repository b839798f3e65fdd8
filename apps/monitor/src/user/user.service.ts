import { Injectable } from '@nestjs/common';
import type { Transaction } from '@capsule/database';
import { DomainError } from '@capsule/errors';
import type { OwnTables } from '../tenant/own-tables.js';
import { UserRepository } from './user.repository.js';

@Injectable()
export class UserService {
  constructor(private readonly users: UserRepository) {}

  /** @throws DomainError monitor.user.not_found */
  async requireKnown(tx: Transaction, tables: OwnTables, id: string): Promise<void> {
    if (!(await this.users.exists(tx, tables, id))) throw new DomainError('monitor.user.not_found');
  }
}
