import { Module } from '@nestjs/common';
import { OrganizationRepository } from './organization.repository.js';
import { OrganizationService } from './organization.service.js';

@Module({ providers: [OrganizationRepository, OrganizationService], exports: [OrganizationService] })
export class OrganizationModule {}
