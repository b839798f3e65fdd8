import { createHash, createHmac, randomBytes } from 'node:crypto';

/** 256 bits, written in base64url. */
const TOKEN_SHAPE = /^[A-Za-z0-9_-]{43}$/;

export function newRefreshToken(): string {
  return randomBytes(32).toString('base64url');
}

/** Cheap refusal of what can't be one of ours, before the database is asked. */
export function isRefreshToken(text: string): boolean {
  return TOKEN_SHAPE.test(text);
}

/** What is stored. The token is random, so a plain digest can't be searched. */
export function refreshTokenHash(token: string): Buffer {
  return createHash('sha256').update(token, 'ascii').digest();
}

/**
 * The token that follows. It is computed and not drawn, so that of two refreshes at once both can be told the same
 * successor although only hashes are stored. Without the server's key nobody gets from an old token to a later one.
 */
export function successorOf(token: string, key: string): string {
  return createHmac('sha256', key).update(`refresh-token-successor:${token}`, 'ascii').digest('base64url');
}
