import { Module } from '@nestjs/common';
import { TenantModule } from '../tenant/tenant.module.js';
import { OrganizationConsumer } from './organization.consumer.js';
import { OrganizationRepository } from './organization.repository.js';
import { OrganizationService } from './organization.service.js';

@Module({
  imports: [TenantModule],
  providers: [OrganizationConsumer, OrganizationRepository, OrganizationService],
  exports: [OrganizationService],
})
export class OrganizationModule {}
