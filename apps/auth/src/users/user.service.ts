import { Injectable } from '@nestjs/common';
import type { ResponseOf, userGetCurrent } from '@capsule/contracts';
import { Database, type Transaction } from '@capsule/database';
import { DomainError } from '@capsule/errors';
import { currentContext, requireTenant } from '@capsule/telemetry';
import { OrganizationService } from '../organizations/organization.service.js';
import { PasswordHasher } from '../passwords/password-hasher.js';
import { type NewUser, type UserHome, UserRepository } from './user.repository.js';
import { userView, type UserView } from './user.view.js';

/** No tenant and no user have this id. */
const NOBODY: UserHome = {
  userId: 'ffffffff-ffff-ffff-ffff-ffffffffffff',
  tenantId: 'ffffffff-ffff-ffff-ffff-ffffffffffff',
};

@Injectable()
export class UserService {
  constructor(
    private readonly database: Database,
    private readonly repository: UserRepository,
    private readonly organizations: OrganizationService,
    private readonly passwords: PasswordHasher,
  ) {}

  /** @throws DomainError auth.user.email_taken */
  async create(tx: Transaction, user: NewUser): Promise<UserView> {
    const createdAt = await this.repository.insert(tx, user);
    return { id: user.id, email: user.email, name: user.name, createdAt: createdAt.toISOString() };
  }

  /** @throws DomainError auth.user.not_found */
  async get(tx: Transaction, userId: string): Promise<UserView> {
    const user = await this.repository.findById(tx, userId);
    if (!user) throw new DomainError('auth.user.not_found');
    return userView(user);
  }

  async getCurrent(): Promise<ResponseOf<typeof userGetCurrent>> {
    const userId = currentContext()?.actor?.id ?? '';
    return this.database.withTenant(requireTenant(), async (tx) => {
      const user = await this.get(tx, userId);
      const membership = await this.organizations.findMembership(tx, userId);
      if (!membership) throw new DomainError('auth.user.not_found');
      return { user, organization: await this.organizations.get(tx), role: membership.role };
    });
  }

  /**
   * Does the same queries and the same hashing whether the account exists or not, so that time tells nothing.
   * @throws DomainError auth.credentials.invalid
   */
  async authenticate(email: string, password: string): Promise<UserHome> {
    const found = await this.database.withoutTenant((tx) => this.repository.findHome(tx, email));
    const home = found ?? NOBODY;
    if (!(await this.hasPassword(home, password))) throw new DomainError('auth.credentials.invalid');
    return home;
  }

  async hasPassword(home: UserHome, password: string): Promise<boolean> {
    const stored = await this.database.withTenant(home.tenantId, (tx) =>
      this.repository.findPasswordHash(tx, home.userId),
    );
    return this.passwords.verify(password, stored);
  }
}
