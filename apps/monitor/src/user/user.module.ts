import { Module } from '@nestjs/common';
import { TenantModule } from '../tenant/tenant.module.js';
import { UserConsumer } from './user.consumer.js';
import { UserRepository } from './user.repository.js';
import { UserService } from './user.service.js';

@Module({
  imports: [TenantModule],
  providers: [UserConsumer, UserRepository, UserService],
  exports: [UserService],
})
export class UserModule {}
