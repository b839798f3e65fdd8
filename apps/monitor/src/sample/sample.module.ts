import { Module } from '@nestjs/common';
import { OrganizationModule } from '../organization/organization.module.js';
import { SampleIngest } from './sample.ingest.js';
import { SampleRepository } from './sample.repository.js';
import { SampleUpkeep } from './sample.upkeep.js';

@Module({
  imports: [OrganizationModule],
  providers: [SampleIngest, SampleRepository, SampleUpkeep],
  exports: [SampleIngest, SampleUpkeep],
})
export class SampleModule {}
