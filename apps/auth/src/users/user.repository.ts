import { Injectable } from '@nestjs/common';
import { type Transaction, translateConstraint } from '@capsule/database';
import { User } from './user.entity.js';

/** Where somebody who signs in by e-mail belongs; nothing but ids is known of him yet. */
export interface UserHome {
  userId: string;
  tenantId: string;
}

const FIND_HOME = {
  name: 'user_find_home',
  text: 'SELECT user_id AS "userId", tenant_id AS "tenantId" FROM user_find_home($1)',
};

@Injectable()
export class UserRepository {
  /** @throws DomainError auth.user.email_taken */
  async insert(tx: Transaction, user: Pick<User, 'id' | 'email' | 'name' | 'passwordHash'>): Promise<void> {
    try {
      await tx.manager.insert(User, user);
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
