import { Module } from '@nestjs/common';
import { OrganizationConsumer } from './organization.consumer.js';
import { OrganizationRepository } from './organization.repository.js';
import { OrganizationService } from './organization.service.js';

@Module({
  providers: [OrganizationConsumer, OrganizationRepository, OrganizationService],
  exports: [OrganizationService],
})
export class OrganizationModule {}
