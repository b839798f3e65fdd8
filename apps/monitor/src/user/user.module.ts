import { Module } from '@nestjs/common';
import { TenantModule } from '../tenant/tenant.module.js';
import { UserConsumer } from './user.consumer.js';
import { UserRepository } from './user.repository.js';

@Module({ imports: [TenantModule], providers: [UserConsumer, UserRepository] })
export class UserModule {}
