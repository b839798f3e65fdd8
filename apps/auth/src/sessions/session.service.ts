/**
 * Sessions and their refresh tokens.
 *
 *   opened ──► refreshed ──► refreshed ──► … ──► expired (each token, and the session as a whole, has an end)
 *                  └────────► revoked (a used token came again)
 *
 * Invariants
 *  - Of a session at most one refresh token is unused. Using it marks it and inserts its successor in one transaction.
 *  - A used token that comes again within the grace (two tabs at once, an answer lost on the way) is told the same
 *    successor; nothing new is made. After the grace it means that two parties hold the token: the session is revoked
 *    with every token that descends from it, and the sentence is committed although the request fails.
 *  - A used token is kept as long as its session lives, or its coming again would not be noticed. Expired sessions go
 *    with all their tokens: the user's at a sign-in, of those who never return by the purge (session-purge.ts).
 *  - Only hashes are stored. The successor is derived from the token by the server's key, which is how it can be told
 *    twice (see refresh-token.ts).
 *
 * A crash before the commit leaves the token unused. A crash after it, before the answer, leaves the client with a used
 * token: within the grace it gets its successor, later it has to sign in again.
 */
import { Inject, Injectable } from '@nestjs/common';
import type { RequestOf, ResponseOf, Role, sessionRefresh, sessionSignIn } from '@capsule/contracts';
import { Database, type Transaction, uuidv7 } from '@capsule/database';
import { DomainError } from '@capsule/errors';
import { TokenSigner } from '@capsule/security';
import { asUser } from '../as-user.js';
import { config, type AuthSettings } from '../config.js';
import { OrganizationService } from '../organizations/organization.service.js';
import { UserService } from '../users/user.service.js';
import { isRefreshToken, newRefreshToken, refreshTokenHash, successorOf } from './refresh-token.js';
import { type LockedRefreshToken, type NewRefreshToken, SessionRepository } from './session.repository.js';

/** What the tokens of an answer are made from, once the transaction that allows them has committed. */
export interface Grant {
  tenantId: string;
  userId: string;
  role: Role;
  sessionId: string;
  refreshToken: string;
}

type Tokens = ResponseOf<typeof sessionSignIn>;

@Injectable()
export class SessionService {
  constructor(
    private readonly database: Database,
    private readonly repository: SessionRepository,
    private readonly users: UserService,
    private readonly organizations: OrganizationService,
    private readonly signer: TokenSigner,
    @Inject(config.KEY) private readonly settings: AuthSettings,
  ) {}

  /** @throws DomainError auth.credentials.invalid, at the same cost for unknown and wrong */
  async signIn({ email, password }: RequestOf<typeof sessionSignIn>): Promise<Tokens> {
    const { userId, tenantId } = await this.users.authenticate(email, password);
    const grant = await asUser({ tenantId, userId }, () =>
      this.database.withTenant(tenantId, async (tx) => {
        await this.repository.deleteExpiredOf(tx, userId);
        return this.openFor(tx, userId);
      }),
    );
    return this.tokens(grant);
  }

  /** @throws DomainError auth.refresh_token.invalid */
  async refresh({ refreshToken }: RequestOf<typeof sessionRefresh>): Promise<Tokens> {
    const grant = await this.exchange(refreshToken);
    if (!grant) throw new DomainError('auth.refresh_token.invalid');
    return this.tokens(grant);
  }

  /** Opens a session of a member inside the caller's transaction; the tokens may be handed out after its commit. */
  async open(tx: Transaction, userId: string, role: Role): Promise<Grant> {
    const sessionId = uuidv7();
    const refreshToken = newRefreshToken();
    const expiresAt = this.inSeconds(this.settings.token.sessionTtlSeconds);
    const session = { id: sessionId, userId, expiresAt };
    await this.repository.insert(tx, session, this.storedToken(refreshToken, expiresAt));
    return { tenantId: tx.tenantId ?? '', userId, role, sessionId, refreshToken };
  }

  /** The same for a member whose role is not at hand. @throws DomainError auth.user.not_found */
  async openFor(tx: Transaction, userId: string): Promise<Grant> {
    return this.open(tx, userId, await this.roleOf(tx, userId));
  }

  async tokens({ refreshToken, ...subject }: Grant): Promise<Tokens> {
    const { token, expiresInSeconds } = await this.signer.sign(subject);
    return { accessToken: token, tokenType: 'Bearer', expiresInSeconds, refreshToken };
  }

  private async exchange(refreshToken: string): Promise<Grant | undefined> {
    if (!isRefreshToken(refreshToken)) return undefined;
    const hash = refreshTokenHash(refreshToken);
    const found = await this.database.withoutTenant((tx) => this.repository.findToken(tx, hash));
    if (!found) return undefined;
    return this.database.withTenant(found.tenantId, async (tx) => {
      const token = await this.repository.lockToken(tx, found.refreshTokenId);
      if (!token || token.sessionEnded) return undefined;
      const successor = successorOf(refreshToken, this.settings.token.refreshKey);
      const allowed = await this.rotate(tx, found.refreshTokenId, token, successor);
      if (!allowed) return undefined;
      const { userId, sessionId } = token;
      // Read anew each time, so a change of the role takes effect with the next access token.
      const role = await this.roleOf(tx, userId);
      return { tenantId: found.tenantId, userId, role, sessionId, refreshToken: successor };
    });
  }

  /** @returns whether the successor may be handed out */
  private async rotate(
    tx: Transaction,
    refreshTokenId: string,
    token: LockedRefreshToken,
    successor: string,
  ): Promise<boolean> {
    if (token.secondsSinceRotation !== null) {
      if (token.secondsSinceRotation <= this.settings.token.refreshGraceSeconds) {
        // False only after the server's key was changed within the grace.
        return this.repository.hasToken(tx, token.sessionId, refreshTokenHash(successor));
      }
      await this.repository.revoke(tx, token.sessionId);
      return false;
    }
    if (token.tokenExpired) return false;
    const predecessor = { id: refreshTokenId, sessionId: token.sessionId };
    await this.repository.replaceToken(tx, predecessor, this.storedToken(successor, token.sessionExpiresAt));
    return true;
  }

  /** No token outlives its session. */
  private storedToken(refreshToken: string, sessionExpiresAt: Date): NewRefreshToken {
    const ownEnd = this.inSeconds(this.settings.token.refreshTtlSeconds);
    const expiresAt = ownEnd < sessionExpiresAt ? ownEnd : sessionExpiresAt;
    return { tokenHash: refreshTokenHash(refreshToken), expiresAt };
  }

  private async roleOf(tx: Transaction, userId: string): Promise<Role> {
    const membership = await this.organizations.findMembership(tx, userId);
    if (!membership) throw new DomainError('auth.user.not_found');
    return membership.role;
  }

  private inSeconds(seconds: number): Date {
    return new Date(Date.now() + seconds * 1000);
  }
}
