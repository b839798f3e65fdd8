import { createPrivateKey, createPublicKey, type KeyObject, randomUUID } from 'node:crypto';
import { calculateJwkThumbprint, SignJWT } from 'jose';
import type { Role } from '@capsule/contracts';
import { ACCESS_TOKEN_TYPE } from './access-token-claims.js';

export interface TokenSignerOptions {
  /** RSA, PKCS #8 in PEM. */
  privateKey: string;
  issuer: string;
  audience: string;
  accessTtlSeconds: number;
}

export interface AccessTokenSubject {
  userId: string;
  tenantId: string;
  role: Role;
  sessionId: string;
}

export interface SignedAccessToken {
  token: string;
  /** The token's `jti`. Nobody asks for it yet: until it expires a token stays valid, whatever became of its session. */
  tokenId: string;
  expiresAt: Date;
  expiresInSeconds: number;
}

export interface PublicSigningKey {
  kty: 'RSA';
  use: 'sig';
  alg: 'RS256';
  kid: string;
  n: string;
  e: string;
}

/** Signs access tokens; only auth has one. The key id is the key's RFC 7638 thumbprint, so it follows from the key alone. */
export class TokenSigner {
  private constructor(
    private readonly options: TokenSignerOptions,
    private readonly key: KeyObject,
    private readonly publicKey: PublicSigningKey,
  ) {}

  /** @throws Error when the key is not an RSA key of at least 2048 bits */
  static async create(options: TokenSignerOptions): Promise<TokenSigner> {
    const key = createPrivateKey(options.privateKey);
    const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
    if (key.asymmetricKeyType !== 'rsa' || bits < 2_048) {
      throw new Error('The key that signs access tokens must be an RSA key of at least 2048 bits.');
    }
    const { n = '', e = '' } = createPublicKey(key).export({ format: 'jwk' });
    const kid = await calculateJwkThumbprint({ kty: 'RSA', n, e });
    return new TokenSigner(options, key, { kty: 'RSA', use: 'sig', alg: 'RS256', kid, n, e });
  }

  async sign(subject: AccessTokenSubject): Promise<SignedAccessToken> {
    const { issuer, audience, accessTtlSeconds } = this.options;
    const tokenId = randomUUID();
    const issuedAt = Math.floor(Date.now() / 1_000);
    const expiresAt = issuedAt + accessTtlSeconds;
    const token = await new SignJWT({ tid: subject.tenantId, role: subject.role, sid: subject.sessionId })
      .setProtectedHeader({ alg: 'RS256', typ: ACCESS_TOKEN_TYPE, kid: this.publicKey.kid })
      .setIssuer(issuer)
      .setAudience(audience)
      .setSubject(subject.userId)
      .setJti(tokenId)
      .setIssuedAt(issuedAt)
      .setExpirationTime(expiresAt)
      .sign(this.key);
    return { token, tokenId, expiresAt: new Date(expiresAt * 1_000), expiresInSeconds: accessTtlSeconds };
  }

  /** The JWK Set to publish. */
  keySet(): { keys: PublicSigningKey[] } {
    return { keys: [{ ...this.publicKey }] };
  }
}
