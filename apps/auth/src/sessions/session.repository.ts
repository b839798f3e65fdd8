import { Injectable } from '@nestjs/common';
import { type Transaction, uuidv7 } from '@capsule/database';
import { RefreshToken } from './refresh-token.entity.js';
import { Session } from './session.entity.js';

/** A refresh token and its session as they stand while both are locked. Times are the database's. */
export interface LockedRefreshToken {
  sessionId: string;
  userId: string;
  sessionExpiresAt: Date;
  /** Revoked, or past its end. */
  sessionEnded: boolean;
  tokenExpired: boolean;
  /** Null while it was not used. */
  secondsSinceRotation: number | null;
}

const FIND = {
  name: 'refresh_token_find',
  text: `SELECT refresh_token_id AS "refreshTokenId", tenant_id AS "tenantId" FROM refresh_token_find($1)`,
};

// Both rows are locked: who waited for either reads what the one before him wrote.
const LOCK = {
  name: 'refresh_token_lock',
  text: `SELECT s.id AS "sessionId", s.user_id AS "userId", s.expires_at AS "sessionExpiresAt",
                s.revoked_at IS NOT NULL OR s.expires_at <= clock_timestamp() AS "sessionEnded",
                t.expires_at <= clock_timestamp() AS "tokenExpired",
                extract(epoch FROM clock_timestamp() - t.rotated_at)::float8 AS "secondsSinceRotation"
         FROM refresh_tokens t JOIN sessions s ON s.tenant_id = t.tenant_id AND s.id = t.session_id
         WHERE t.id = $1
         FOR UPDATE`,
};

const MARK_ROTATED = {
  name: 'refresh_token_mark_rotated',
  text: 'UPDATE refresh_tokens SET rotated_at = clock_timestamp() WHERE id = $1',
};

const REVOKE = {
  name: 'session_revoke',
  text: 'UPDATE sessions SET revoked_at = clock_timestamp() WHERE id = $1 AND revoked_at IS NULL',
};

const DELETE_EXPIRED = {
  name: 'session_delete_expired',
  text: 'DELETE FROM sessions WHERE user_id = $1 AND expires_at <= clock_timestamp()',
};

@Injectable()
export class SessionRepository {
  async insert(tx: Transaction, session: Pick<Session, 'id' | 'userId' | 'expiresAt'>): Promise<void> {
    await tx.manager.insert(Session, { ...session, tenantId: tx.tenantId ?? '' });
  }

  async insertToken(
    tx: Transaction,
    token: Pick<RefreshToken, 'sessionId' | 'tokenHash' | 'expiresAt'>,
  ): Promise<void> {
    await tx.manager.insert(RefreshToken, { id: uuidv7(), tenantId: tx.tenantId ?? '', ...token });
  }

  /** Over all tenants, so outside of any. */
  async findToken(
    tx: Transaction,
    tokenHash: Buffer,
  ): Promise<{ refreshTokenId: string; tenantId: string } | undefined> {
    const [found] = await tx.query<{ refreshTokenId: string; tenantId: string }>(FIND, [tokenHash]);
    return found;
  }

  async lockToken(tx: Transaction, refreshTokenId: string): Promise<LockedRefreshToken | undefined> {
    const [locked] = await tx.query<LockedRefreshToken>(LOCK, [refreshTokenId]);
    return locked;
  }

  async hasToken(tx: Transaction, sessionId: string, tokenHash: Buffer): Promise<boolean> {
    return tx.manager.existsBy(RefreshToken, { tenantId: tx.tenantId ?? '', sessionId, tokenHash });
  }

  async markRotated(tx: Transaction, refreshTokenId: string): Promise<void> {
    await tx.query(MARK_ROTATED, [refreshTokenId]);
  }

  async revoke(tx: Transaction, sessionId: string): Promise<void> {
    await tx.query(REVOKE, [sessionId]);
  }

  async deleteExpired(tx: Transaction, userId: string): Promise<void> {
    await tx.query(DELETE_EXPIRED, [userId]);
  }
}
