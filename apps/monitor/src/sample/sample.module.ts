import { Module } from '@nestjs/common';
import { OrganizationModule } from '../organization/organization.module.js';
import { SampleConsumer } from './sample.consumer.js';
import { SampleRepository } from './sample.repository.js';
import { SampleUpkeep } from './sample.upkeep.js';

@Module({
  imports: [OrganizationModule],
  providers: [SampleConsumer, SampleRepository, SampleUpkeep],
  exports: [SampleUpkeep],
})
export class SampleModule {}
