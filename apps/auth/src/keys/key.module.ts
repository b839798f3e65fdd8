import { Module } from '@nestjs/common';
import { KeySetController } from './key-set.controller.js';

@Module({ controllers: [KeySetController] })
export class KeyModule {}
