export type { AccessTokenClaims } from './access-token-claims.js';
export { Authenticator } from './authenticator.js';
export { CapsuleJwtStrategy } from './capsule-jwt.strategy.js';
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
