import { Module } from '@nestjs/common';
import { config } from './config.js';
import { GatewayModule } from './gateway.module.js';

@Module({ imports: [GatewayModule.forSettings(config())] })
export class AppModule {}
