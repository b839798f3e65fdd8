import { Module } from '@nestjs/common';
import { InstanceModule } from '../deployments/instances/instance.module.js';
import { InstanceSampler } from './instance-sampler.js';

@Module({ imports: [InstanceModule], providers: [InstanceSampler] })
export class SamplingModule {}
