import { Injectable } from '@nestjs/common';
import { type Transaction, uuidv7 } from '@capsule/database';
import { RefreshToken } from './refresh-token.entity.js';
import type { Session } from './session.entity.js';

export type NewRefreshToken = Pick<RefreshToken, 'tokenHash' | 'expiresAt'>;

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

const OPEN = {
  name: 'session-open',
  text: `WITH opened AS (
           INSERT INTO sessions (id, tenant_id, user_id, expires_at) VALUES ($1, $2, $3, $4)
         )
         INSERT INTO refresh_tokens (id, tenant_id, session_id, token_hash, expires_at) VALUES ($5, $2, $1, $6, $7)`,
};

// Marks the predecessor and inserts the successor.
const ROTATE = {
  name: 'refresh-token-rotate',
  text: `WITH used AS (
           UPDATE refresh_tokens SET rotated_at = clock_timestamp() WHERE id = $1
         )
         INSERT INTO refresh_tokens (id, tenant_id, session_id, token_hash, expires_at) VALUES ($2, $3, $4, $5, $6)`,
};

const FIND = {
  name: 'refresh-token-find',
  text: `SELECT refresh_token_id AS "refreshTokenId", tenant_id AS "tenantId" FROM refresh_token_find($1)`,
};

// Both rows are locked: who waited for either reads what the one before wrote.
const LOCK = {
  name: 'refresh-token-lock',
  text: `SELECT s.id AS "sessionId", s.user_id AS "userId", s.expires_at AS "sessionExpiresAt",
                s.revoked_at IS NOT NULL OR s.expires_at <= clock_timestamp() AS "sessionEnded",
                t.expires_at <= clock_timestamp() AS "tokenExpired",
                extract(epoch FROM clock_timestamp() - t.rotated_at)::float8 AS "secondsSinceRotation"
         FROM refresh_tokens t JOIN sessions s ON s.tenant_id = t.tenant_id AND s.id = t.session_id
         WHERE t.id = $1
         FOR UPDATE`,
};

const REVOKE = {
  name: 'session-revoke',
  text: 'UPDATE sessions SET revoked_at = clock_timestamp() WHERE id = $1 AND revoked_at IS NULL',
};

const DELETE_EXPIRED_OF_USER = {
  name: 'session-delete-expired-of-user',
  text: 'DELETE FROM sessions WHERE user_id = $1 AND expires_at <= clock_timestamp()',
};

const FIND_EXPIRED = {
  name: 'session-find-expired',
  text: 'SELECT session_id AS "sessionId", tenant_id AS "tenantId" FROM session_find_expired($1)',
};

const DELETE_EXPIRED = {
  name: 'session-delete-expired',
  text: 'DELETE FROM sessions WHERE id = ANY ($1) AND expires_at <= clock_timestamp()',
};

@Injectable()
export class SessionRepository {
  async insert(
    tx: Transaction,
    { id, userId, expiresAt }: Pick<Session, 'id' | 'userId' | 'expiresAt'>,
    token: NewRefreshToken,
  ): Promise<void> {
    const session = [id, tx.tenantId, userId, expiresAt];
    await tx.query(OPEN, [...session, uuidv7(), token.tokenHash, token.expiresAt]);
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

  async replaceToken(
    tx: Transaction,
    { id, sessionId }: Pick<RefreshToken, 'id' | 'sessionId'>,
    successor: NewRefreshToken,
  ): Promise<void> {
    const { tokenHash, expiresAt } = successor;
    await tx.query(ROTATE, [id, uuidv7(), tx.tenantId, sessionId, tokenHash, expiresAt]);
  }

  async revoke(tx: Transaction, sessionId: string): Promise<void> {
    await tx.query(REVOKE, [sessionId]);
  }

  async deleteExpiredOf(tx: Transaction, userId: string): Promise<void> {
    await tx.query(DELETE_EXPIRED_OF_USER, [userId]);
  }

  /** Over all tenants, so outside of any: those that are past the horizon of the purge. */
  findExpired(tx: Transaction, limit: number): Promise<{ sessionId: string; tenantId: string }[]> {
    return tx.query(FIND_EXPIRED, [limit]);
  }

  /** With every token that descends from them. */
  async deleteExpired(tx: Transaction, sessionIds: readonly string[]): Promise<void> {
    await tx.query(DELETE_EXPIRED, [sessionIds]);
  }
}
