import { Injectable } from '@nestjs/common';
import { type RequestOf, type ResponseOf, userSignUp } from '@capsule/contracts';
import { Database, together, type Transaction, uuidv7 } from '@capsule/database';
import { DomainError } from '@capsule/errors';
import { IdempotentRequests } from '@capsule/outbox';
import { currentContext } from '@capsule/telemetry';
import { asUser } from '../as-user.js';
import { OrganizationService } from '../organizations/organization.service.js';
import { PasswordHasher } from '../passwords/password-hasher.js';
import { type Grant, SessionService } from '../sessions/session.service.js';
import { UserService } from '../users/user.service.js';
import { organizationId } from './organization-id.js';

type Request = RequestOf<typeof userSignUp>;
type Account = Pick<ResponseOf<typeof userSignUp>, 'user' | 'organization'>;

interface Registration extends Account {
  /** Undefined when an earlier request of the same Idempotency-Key made the account. */
  grant: Grant | undefined;
}

/** User, organization, owner membership, first session and the event of it commit together or not at all. */
@Injectable()
export class SignUpService {
  constructor(
    private readonly database: Database,
    private readonly idempotent: IdempotentRequests,
    private readonly organizations: OrganizationService,
    private readonly users: UserService,
    private readonly sessions: SessionService,
    private readonly passwords: PasswordHasher,
  ) {}

  /** @throws DomainError auth.user.email_taken, platform.request.idempotency_key_reused */
  async signUp(request: Request): Promise<ResponseOf<typeof userSignUp>> {
    const tenantId = organizationId(request.email, currentContext()?.idempotencyKey);
    const userId = uuidv7();
    // Before the transaction: nothing should be locked for the time that bcrypt takes.
    const passwordHash = await this.passwords.hash(request.password);
    const { user, organization, grant } = await asUser({ tenantId, userId }, () =>
      this.database.withTenant(tenantId, (tx) => this.register(tx, userId, request, passwordHash)),
    );
    const granted = grant ?? (await this.grantAgain({ tenantId, userId: user.id }, request.password));
    return {
      user,
      organization,
      role: 'owner',
      ...(await this.sessions.tokens(granted)),
    };
  }

  private async register(
    tx: Transaction,
    userId: string,
    { email, name, organizationName }: Request,
    passwordHash: string,
  ): Promise<Registration> {
    // Neither password nor tokens are remembered, so that the table of requests holds no secret.
    const request = { email, name, organizationName };
    let opening: Promise<Grant> | undefined;
    const account = await this.idempotent.once(
      tx,
      userSignUp.subject,
      request,
      async (): Promise<Account> => {
        const owner = { id: userId, email, name };
        const organization = await this.organizations.found(tx, organizationName, userId);
        const [user] = await tx.commitWith(() => {
          // In this order, as the session needs the user.
          const creating = this.users.create(tx, { ...owner, passwordHash });
          opening = this.sessions.open(tx, userId, 'owner');
          const announcing = this.organizations.announce(tx, organization, owner);
          return together([creating, opening, announcing]);
        });
        return { organization, user };
      },
    );
    return { ...account, grant: await opening };
  }

  /** A repeated request gets a session of its own, but only for the password of the first: the key is no credential. */
  private async grantAgain(user: { tenantId: string; userId: string }, password: string): Promise<Grant> {
    if (!(await this.users.hasPassword(user, password))) {
      throw new DomainError('platform.request.idempotency_key_reused');
    }
    return asUser(user, () =>
      this.database.withTenant(user.tenantId, (tx) => this.sessions.openFor(tx, user.userId)),
    );
  }
}
