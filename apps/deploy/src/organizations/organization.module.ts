import { Module } from '@nestjs/common';
import { OrganizationConsumer } from './organization.consumer.js';
import { OrganizationRepository } from './organization.repository.js';
import { OrganizationService } from './organization.service.js';
import { QuotaRepository } from './quota.repository.js';
import { QuotaService } from './quota.service.js';

@Module({
  providers: [
    OrganizationConsumer,
    OrganizationRepository,
    OrganizationService,
    QuotaRepository,
    QuotaService,
  ],
  exports: [OrganizationService, QuotaService],
})
export class OrganizationModule {}
