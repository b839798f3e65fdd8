import { Module } from '@nestjs/common';
import { WorkModule } from '../../work/work.module.js';
import { InstanceDirectory } from './instance-directory.js';
import { InstanceRepository } from './instance.repository.js';
import { InstanceService } from './instance.service.js';

@Module({
  imports: [WorkModule],
  providers: [InstanceDirectory, InstanceRepository, InstanceService],
  exports: [InstanceDirectory, InstanceRepository, InstanceService],
})
export class InstanceModule {}
