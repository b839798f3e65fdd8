import { Injectable } from '@nestjs/common';
import { type Transaction, translateConstraint } from '@capsule/database';
import { User } from './user.entity.js';

export type NewUser = Pick<User, 'id' | 'email' | 'name' | 'passwordHash'>;

/** Where somebody who signs in by e-mail belongs; nothing but ids is known of them yet. */
export interface UserHome {
  userId: string;
  tenantId: string;
}

const INSERT = {
  name: 'user-insert',
  text: `INSERT INTO users (id, email, name, password_hash) VALUES ($1, $2, $3, $4) RETURNING created_at AS "createdAt"`,
};

const FIND_HOME = {
  name: 'user-find-home',
  text: 'SELECT user_id AS "userId", tenant_id AS "tenantId" FROM user_find_home($1)',
};

@Injectable()
export class UserRepository {
  /**
   * @returns when it was created
   * @throws DomainError auth.user.email_taken
   */
  async insert(tx: Transaction, user: NewUser): Promise<Date> {
    const { id, email, name, passwordHash } = user;
    try {
      const [row] = await tx.query<{ createdAt: Date }>(INSERT, [id, email, name, passwordHash]);
      if (!row) throw new Error('An insert returned no row.');
      return row.createdAt;
    } catch (error) {
      throw translateConstraint(error, { uq_users__email: 'auth.user.email_taken' });
    }
  }

  async findById(tx: Transaction, id: string): Promise<User | null> {
    return tx.manager.findOneBy(User, { id });
  }

  async findPasswordHash(tx: Transaction, id: string): Promise<string | undefined> {
    const user = await tx.manager.findOne(User, { where: { id }, select: { id: true, passwordHash: true } });
    return user?.passwordHash;
  }

  /** Over all tenants, so outside of any. */
  async findHome(tx: Transaction, email: string): Promise<UserHome | undefined> {
    const [home] = await tx.query<UserHome>(FIND_HOME, [email]);
    return home;
  }
}
