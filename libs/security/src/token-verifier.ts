/**
 * The one verifier of access tokens. A token passes, in this order:
 *
 *   shape      exactly one spelling of three base64url parts
 *   cache      verified before and not yet expired: done
 *   header     alg RS256 and nothing else, typ at+jwt, a key id, no critical extensions
 *   key        of the issuer's key set, by key id; keys inside of the token are never looked at
 *   signature  RS256
 *   claims     issuer, audience, not before, expiry, and every claim of ours with its type
 *
 * Whatever fails is `auth.token.invalid` without a reason for the caller, except the two a client acts upon:
 * `auth.token.missing` and `auth.token.expired`.
 */
import { DomainError } from '@capsule/errors';
import { decodeProtectedHeader, errors, jwtVerify } from 'jose';
import { ACCESS_TOKEN_TYPE, type AccessTokenClaims, readClaims } from './access-token-claims.js';
import { isCanonicalJws } from './compact-jws.js';
import { KeySet, type KeySource } from './key-set.js';
import { VerifiedTokens } from './verified-tokens.js';

/** Clocks of the machines may differ by this much. */
const LEEWAY_SECONDS = 5;
const CACHED_TOKENS_MAX = 10_000;

export interface TokenVerifierOptions {
  issuer: string;
  audience: string;
  keys: KeySource;
  /** Accepts a token for so long after its expiry; 0 without. */
  graceSeconds?: number;
  /** Milliseconds since the epoch. */
  now?: () => number;
}

export class TokenVerifier {
  private readonly verified = new VerifiedTokens(CACHED_TOKENS_MAX);
  private readonly keys: KeySet;
  private readonly now: () => number;
  private readonly leewaySeconds: number;

  constructor(private readonly options: TokenVerifierOptions) {
    this.now = options.now ?? Date.now;
    this.leewaySeconds = LEEWAY_SECONDS + (options.graceSeconds ?? 0);
    this.keys = new KeySet(options.keys, this.now, () => this.verified.clear());
  }

  /** Fetches the keys before a token needs them, and goes on until it has them or is told to stop. */
  prepare(signal: AbortSignal): Promise<void> {
    return this.keys.prepare(signal);
  }

  /** @throws DomainError auth.token.missing | invalid | expired, or platform.upstream.unavailable without keys */
  async verify(token: string | undefined | null): Promise<AccessTokenClaims> {
    if (!token) throw new DomainError('auth.token.missing');
    const known = this.findVerified(token);
    if (known) return known;
    if (!isCanonicalJws(token)) throw new DomainError('auth.token.invalid');
    const claims = await this.check(token);
    this.verified.add(token, claims);
    return claims;
  }

  /** At once. @returns undefined for a token that was not verified before @throws DomainError auth.token.expired */
  findVerified(token: string): AccessTokenClaims | undefined {
    const claims = this.verified.find(token);
    if (!claims) return undefined;
    this.keys.renew();
    if (this.now() < (claims.exp + this.leewaySeconds) * 1_000) return claims;
    this.verified.delete(token);
    throw new DomainError('auth.token.expired');
  }

  private async check(token: string): Promise<AccessTokenClaims> {
    const key = await this.keys.find(keyIdOf(token));
    if (!key) throw new DomainError('auth.token.invalid');
    try {
      const { payload } = await jwtVerify(token, key, {
        algorithms: ['RS256'],
        typ: ACCESS_TOKEN_TYPE,
        issuer: this.options.issuer,
        audience: this.options.audience,
        clockTolerance: this.leewaySeconds,
        currentDate: new Date(this.now()),
        requiredClaims: ['exp', 'iat', 'jti', 'sub'],
      });
      const claims = readClaims(payload);
      if (claims) return claims;
    } catch (cause) {
      throw new DomainError(
        cause instanceof errors.JWTExpired ? 'auth.token.expired' : 'auth.token.invalid',
        {
          cause,
        },
      );
    }
    throw new DomainError('auth.token.invalid');
  }
}

/** Of a header that could be ours; a foreign one is refused before it can cost a look for its key. */
function keyIdOf(token: string): string {
  try {
    const { alg, kid, crit } = decodeProtectedHeader(token);
    if (alg === 'RS256' && typeof kid === 'string' && crit === undefined) return kid;
  } catch (cause) {
    throw new DomainError('auth.token.invalid', { cause });
  }
  throw new DomainError('auth.token.invalid');
}
