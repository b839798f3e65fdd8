import { Module } from '@nestjs/common';
import { TenantModule } from '../tenant/tenant.module.js';
import { UserModule } from '../user/user.module.js';
import { WorkSessionController } from './work-session.controller.js';
import { WorkSessionRepository } from './work-session.repository.js';
import { WorkSessionService } from './work-session.service.js';

@Module({
  imports: [TenantModule, UserModule],
  controllers: [WorkSessionController],
  providers: [WorkSessionRepository, WorkSessionService],
  exports: [WorkSessionService],
})
export class WorkSessionModule {}
