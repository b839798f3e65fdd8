import { createPrivateKey, createPublicKey, type KeyObject, randomUUID } from 'node:crypto';
import type { keySetGet, ResponseOf } from '@capsule/contracts';
import { calculateJwkThumbprint, exportJWK, type JWK, SignJWT } from 'jose';

type KeySet = ResponseOf<typeof keySetGet>;

interface Settings {
  privateKey: string;
  issuer: string;
  audience: string;
  accessTtlSeconds: number;
}

export class TokenSigner {
  private constructor(
    private readonly settings: Settings,
    private readonly key: KeyObject,
    private readonly kid: string,
    private readonly keys: KeySet,
  ) {}

  static async fromSettings(settings: Settings): Promise<TokenSigner> {
    const key = createPrivateKey(settings.privateKey);
    const jwk: JWK = await exportJWK(createPublicKey(key));
    const kid = await calculateJwkThumbprint(jwk);
    const { n = '', e = '' } = jwk;
    return new TokenSigner(settings, key, kid, {
      keys: [{ kty: 'RSA', use: 'sig', alg: 'RS256', kid, n, e }],
    });
  }

  async sign(claims: { sub: string; tid: string; role: string; sid: string }): Promise<string> {
    const { issuer, audience, accessTtlSeconds } = this.settings;
    const issuedAt = Math.floor(Date.now() / 1000);
    return new SignJWT({ tid: claims.tid, role: claims.role, sid: claims.sid })
      .setProtectedHeader({ alg: 'RS256', kid: this.kid, typ: 'at+jwt' })
      .setSubject(claims.sub)
      .setIssuer(issuer)
      .setAudience(audience)
      .setJti(randomUUID())
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + accessTtlSeconds)
      .sign(this.key);
  }

  keySet(): KeySet {
    return this.keys;
  }
}
