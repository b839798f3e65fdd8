import { Module } from '@nestjs/common';
import { OrganizationModule } from '../organizations/organization.module.js';
import { UserModule } from '../users/user.module.js';
import { SessionController } from './session.controller.js';
import { SessionPurge } from './session-purge.js';
import { SessionRepository } from './session.repository.js';
import { SessionService } from './session.service.js';

@Module({
  imports: [OrganizationModule, UserModule],
  controllers: [SessionController],
  providers: [SessionPurge, SessionRepository, SessionService],
  exports: [SessionPurge, SessionService],
})
export class SessionModule {}
