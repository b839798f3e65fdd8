import { Module } from '@nestjs/common';
import { OrganizationModule } from '../organization/organization.module.js';
import { SampleConsumer } from './sample.consumer.js';
import { SamplePurge } from './sample-purge.js';
import { SampleRepository } from './sample.repository.js';

@Module({
  imports: [OrganizationModule],
  providers: [SampleConsumer, SamplePurge, SampleRepository],
  exports: [SamplePurge],
})
export class SampleModule {}
