import { type DynamicModule, Module } from '@nestjs/common';
import { RpcClient } from '@capsule/messaging';
import { Authenticator } from './authenticator.js';
import { CapsuleJwtStrategy } from './capsule-jwt.strategy.js';
import { keysOverRpc } from './keys-over-rpc.js';
import { TokenVerifier, type TokenVerifierOptions } from './token-verifier.js';

/** For the gateway, where requests come in over HTTP. */
@Module({})
export class AuthenticationModule {
  /** Global. The keys come from auth over RPC, when the first token needs them. */
  static forApp({ issuer, audience }: Pick<TokenVerifierOptions, 'issuer' | 'audience'>): DynamicModule {
    return {
      module: AuthenticationModule,
      global: true,
      providers: [
        {
          provide: TokenVerifier,
          inject: [RpcClient],
          useFactory: (rpc: RpcClient) => new TokenVerifier({ issuer, audience, keys: keysOverRpc(rpc) }),
        },
        CapsuleJwtStrategy,
        Authenticator,
      ],
      exports: [Authenticator],
    };
  }
}
