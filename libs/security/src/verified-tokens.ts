import { hash } from 'node:crypto';
import type { AccessTokenClaims } from './access-token-claims.js';

/**
 * Tokens that were verified, by the hash of their exact text, so that a signature is checked once and a memory dump holds no
 * token. The least recently used one goes first.
 */
export class VerifiedTokens {
  private readonly claimsByHash = new Map<string, AccessTokenClaims>();

  constructor(private readonly capacity: number) {}

  find(token: string): AccessTokenClaims | undefined {
    const key = hashOf(token);
    const claims = this.claimsByHash.get(key);
    if (claims) {
      this.claimsByHash.delete(key);
      this.claimsByHash.set(key, claims);
    }
    return claims;
  }

  add(token: string, claims: AccessTokenClaims): void {
    this.claimsByHash.set(hashOf(token), claims);
    if (this.claimsByHash.size <= this.capacity) return;
    const oldest = this.claimsByHash.keys().next();
    if (!oldest.done) this.claimsByHash.delete(oldest.value);
  }

  delete(token: string): void {
    this.claimsByHash.delete(hashOf(token));
  }

  clear(): void {
    this.claimsByHash.clear();
  }
}

function hashOf(token: string): string {
  return hash('sha256', token, 'base64url');
}
