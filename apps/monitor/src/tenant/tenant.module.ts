import { Module } from '@nestjs/common';
import { TenantGauge } from './tenant-gauge.js';
import { TenantRepository } from './tenant.repository.js';
import { TenantSchemaService } from './tenant-schema.service.js';
import { TenantService } from './tenant.service.js';

@Module({
  providers: [TenantGauge, TenantRepository, TenantSchemaService, TenantService],
  exports: [TenantSchemaService, TenantService],
})
export class TenantModule {}
