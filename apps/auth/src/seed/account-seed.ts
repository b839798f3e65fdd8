import type { SeedOrganization } from '@capsule/contracts';
import type { Database, Transaction } from '@capsule/database';
import { asUser } from '../as-user.js';
import type { OrganizationService } from '../organizations/organization.service.js';
import type { UserService } from '../users/user.service.js';

/** Demo organizations, founded as a sign-up founds them, in one transaction each. */
export class AccountSeed {
  constructor(
    private readonly database: Database,
    private readonly organizations: OrganizationService,
    private readonly users: UserService,
    private readonly passwordHash: string,
  ) {}

  /**
   * @returns how many people it added
   * @throws DomainError auth.user.email_taken when somebody else signed up with the address of a demo user
   */
  seed({ id: tenantId, name, members: [owner, ...others] }: SeedOrganization): Promise<number> {
    return asUser({ tenantId, userId: owner.userId }, () =>
      this.database.withTenant(tenantId, async (tx) => {
        // Its owner came with it, and everybody else too.
        if (await this.organizations.findMembership(tx, owner.userId)) return 0;
        const organization = await this.organizations.found(tx, name, owner.userId);
        await this.createUser(tx, owner);
        await this.organizations.announce(tx, organization, { ...owner, id: owner.userId });
        for (const member of others) {
          await this.organizations.addMember(tx, { ...member, id: member.userId });
          await this.createUser(tx, member);
        }
        return 1 + others.length;
      }),
    );
  }

  private async createUser(tx: Transaction, member: SeedOrganization['members'][number]): Promise<void> {
    const { userId: id, email, name } = member;
    await this.users.create(tx, { id, email, name, passwordHash: this.passwordHash });
  }
}
