import { Module } from '@nestjs/common';
import { OrganizationModule } from '../organizations/organization.module.js';
import { PasswordModule } from '../passwords/password.module.js';
import { SessionModule } from '../sessions/session.module.js';
import { UserModule } from '../users/user.module.js';
import { SignUpController } from './sign-up.controller.js';
import { SignUpService } from './sign-up.service.js';

@Module({
  imports: [OrganizationModule, PasswordModule, SessionModule, UserModule],
  controllers: [SignUpController],
  providers: [SignUpService],
})
export class SignUpModule {}
