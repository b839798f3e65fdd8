import { Module } from '@nestjs/common';
import { OrganizationModule } from '../organizations/organization.module.js';
import { ProjectModule } from '../projects/project.module.js';
import { AppController } from './app.controller.js';
import { AppRepository } from './app.repository.js';
import { AppService } from './app.service.js';
import { AppUrl } from './app-url.js';

/** The apps of organizations; AppModule is the root of this process. */
@Module({
  imports: [OrganizationModule, ProjectModule],
  controllers: [AppController],
  providers: [AppRepository, AppService, AppUrl],
  exports: [AppService, AppUrl],
})
export class AppFeatureModule {}
