import { Module } from '@nestjs/common';
import { UsageRecorder } from './usage-recorder.js';
import { UsageRepository } from './usage.repository.js';

@Module({ providers: [UsageRecorder, UsageRepository], exports: [UsageRecorder] })
export class UsageModule {}
