import { type DynamicModule, Module } from '@nestjs/common';
import { keySetGet } from '@capsule/contracts';
import { RpcClient } from '@capsule/messaging';
import { Authenticator } from './authenticator.js';
import { CapsuleJwtStrategy } from './capsule-jwt.strategy.js';
import { TokenVerifier } from './token-verifier.js';

@Module({})
export class SecurityModule {
  /** Global. The keys come from auth over RPC, when the first token needs them. */
  static forApp(options: { issuer: string; audience: string }): DynamicModule {
    return {
      module: SecurityModule,
      global: true,
      providers: [
        {
          provide: TokenVerifier,
          inject: [RpcClient],
          useFactory: (rpc: RpcClient) =>
            new TokenVerifier({ ...options, keys: () => rpc.call(keySetGet, {}) }),
        },
        CapsuleJwtStrategy,
        Authenticator,
      ],
      exports: [TokenVerifier, Authenticator],
    };
  }
}
