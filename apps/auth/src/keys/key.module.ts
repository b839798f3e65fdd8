import { Module } from '@nestjs/common';
import { TokenSigner } from '@capsule/security';
import { config, type AuthSettings } from '../config.js';
import { KeySetController } from './key-set.controller.js';

@Module({
  controllers: [KeySetController],
  providers: [
    {
      provide: TokenSigner,
      inject: [config.KEY],
      useFactory: ({ token }: AuthSettings) => TokenSigner.create(token),
    },
  ],
  exports: [TokenSigner],
})
export class KeyModule {}
