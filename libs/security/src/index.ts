export type { AccessTokenClaims } from './access-token-claims.js';
export { ADMITTED_GRACE_SECONDS } from './admitted-grace.js';
export type { JsonWebKeySet, KeySource } from './key-set.js';
export type { Principal } from './principal.js';
export { SecurityModule } from './security.module.js';
export {
  type AccessTokenSubject,
  type PublicSigningKey,
  type SignedAccessToken,
  TokenSigner,
  type TokenSignerOptions,
} from './token-signer.js';
export { TokenVerifier, type TokenVerifierOptions } from './token-verifier.js';
