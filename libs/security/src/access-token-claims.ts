import { isRole, type Role } from '@capsule/contracts';
import type { JWTPayload } from 'jose';

/** The `typ` of our access tokens (RFC 9068), so that no other JWT signed with the same key passes for one. */
export const ACCESS_TOKEN_TYPE = 'at+jwt';

export interface AccessTokenClaims {
  /** User. */
  sub: string;
  /** Tenant: the organization the session is for. */
  tid: string;
  role: Role;
  /** Session: the family of refresh tokens the access token came from. */
  sid: string;
  jti: string;
  iss: string;
  aud: string;
  /** Epoch seconds. */
  iat: number;
  /** Epoch seconds. */
  exp: number;
}

/** Undefined when a claim is missing or of another type; issuer, audience and times are the verifier's to check. */
export function readClaims(payload: JWTPayload): AccessTokenClaims | undefined {
  const { sub, jti, iss, aud, iat, exp } = payload;
  const { tid, role, sid } = payload;
  if (!isText(sub) || !isText(tid) || !isText(sid) || !isText(jti) || !isText(iss) || !isText(aud))
    return undefined;
  if (!isRole(role) || typeof iat !== 'number' || typeof exp !== 'number') return undefined;
  return { sub, tid, role, sid, jti, iss, aud, iat, exp };
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
