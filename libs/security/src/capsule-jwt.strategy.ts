import type { IncomingHttpHeaders } from 'node:http';
import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import { Strategy } from 'passport-jwt';
import type { AccessTokenClaims } from './access-token-claims.js';
import { bearerToken } from './bearer-token.js';
import { type Principal, principalOf } from './principal.js';
import { TokenVerifier } from './token-verifier.js';

export const CAPSULE_JWT = 'capsule-jwt';

type Verified = (error: unknown, claims?: AccessTokenClaims) => void;

// passport-jwt verifies by jsonwebtoken unless another verifier is put in this place, which is shared by all strategies of
// the process. Ours travels where passport-jwt would hand the key to its own.
Object.assign(Strategy, {
  JwtVerifier(token: string, verifier: TokenVerifier, _options: unknown, done: Verified): void {
    verifier.verify(token).then((claims) => done(null, claims), done);
  },
});

@Injectable()
export class CapsuleJwtStrategy extends PassportStrategy(Strategy, CAPSULE_JWT) {
  constructor(verifier: TokenVerifier) {
    super({
      jwtFromRequest: (request: { headers: IncomingHttpHeaders }) => bearerToken(request) ?? null,
      // Typed for keys only; see above.
      secretOrKeyProvider: (_request, _token, done) => done(null, verifier as unknown as string),
    });
  }

  validate(claims: AccessTokenClaims): Principal {
    return principalOf(claims);
  }
}
