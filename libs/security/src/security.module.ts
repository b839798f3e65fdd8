import { type DynamicModule, type FactoryProvider, Module } from '@nestjs/common';
import { CallerVerifier, RpcClient } from '@capsule/messaging';
import { ADMITTED_GRACE_SECONDS } from './admitted-grace.js';
import type { KeySource } from './key-set.js';
import { keysOverRpc } from './keys-over-rpc.js';
import { TokenCallers } from './token-callers.js';
import { TokenSigner, type TokenSignerOptions } from './token-signer.js';
import { TokenVerifier, type TokenVerifierOptions } from './token-verifier.js';

type TokenNames = Pick<TokenVerifierOptions, 'issuer' | 'audience'>;

/** Has the RPC server of a service verify, by the access token, on whose behalf each request is. Global. */
@Module({})
export class SecurityModule {
  /** The keys come from auth over RPC, in the background from when the service serves. */
  static forService(names: TokenNames): DynamicModule {
    const verifier = (rpc: RpcClient) => verifierOf(names, keysOverRpc(rpc));
    return moduleOf([{ provide: TokenVerifier, inject: [RpcClient], useFactory: verifier }]);
  }

  /** For auth, which signs the tokens: its keys are its own. */
  static forIssuer(options: TokenSignerOptions): DynamicModule {
    const verifier = (signer: TokenSigner) => verifierOf(options, () => Promise.resolve(signer.keySet()));
    return moduleOf([
      { provide: TokenSigner, useFactory: () => TokenSigner.create(options) },
      { provide: TokenVerifier, inject: [TokenSigner], useFactory: verifier },
    ]);
  }
}

function moduleOf(providers: FactoryProvider[]): DynamicModule {
  return {
    module: SecurityModule,
    global: true,
    providers: [...providers, { provide: CallerVerifier, useClass: TokenCallers }],
    exports: [...providers.map(({ provide }) => provide), CallerVerifier],
  };
}

function verifierOf({ issuer, audience }: TokenNames, keys: KeySource): TokenVerifier {
  return new TokenVerifier({ issuer, audience, keys, graceSeconds: ADMITTED_GRACE_SECONDS });
}
