import { Module } from '@nestjs/common';
import { OrganizationModule } from '../organizations/organization.module.js';
import { PasswordModule } from '../passwords/password.module.js';
import { UserController } from './user.controller.js';
import { UserRepository } from './user.repository.js';
import { UserService } from './user.service.js';

@Module({
  imports: [OrganizationModule, PasswordModule],
  controllers: [UserController],
  providers: [UserRepository, UserService],
  exports: [UserService],
})
export class UserModule {}
