import type { Role } from '@capsule/contracts';
import type { AccessTokenClaims } from './access-token-claims.js';

/** Who sends a request, as the access token tells. */
export interface Principal {
  readonly userId: string;
  readonly tenantId: string;
  readonly role: Role;
  readonly sessionId: string;
  readonly tokenId: string;
}

export function principalOf(claims: AccessTokenClaims): Principal {
  return {
    userId: claims.sub,
    tenantId: claims.tid,
    role: claims.role,
    sessionId: claims.sid,
    tokenId: claims.jti,
  };
}
