import { Module } from '@nestjs/common';
import { config, type AuthSettings } from '../config.js';
import { KeySetController } from './key-set.controller.js';
import { TokenSigner } from './token-signer.js';

@Module({
  controllers: [KeySetController],
  providers: [
    {
      provide: TokenSigner,
      inject: [config.KEY],
      useFactory: ({ token }: AuthSettings) => TokenSigner.fromSettings(token),
    },
  ],
  exports: [TokenSigner],
})
export class KeyModule {}
