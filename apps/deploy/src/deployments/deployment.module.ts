import { Module } from '@nestjs/common';
import { AppFeatureModule } from '../apps/app-feature.module.js';
import { ArchiveModule } from '../archives/archive.module.js';
import { EdgeModule } from '../edge/edge.module.js';
import { InstanceModule } from './instances/instance.module.js';
import { OrganizationModule } from '../organizations/organization.module.js';
import { WorkModule } from '../work/work.module.js';
import { AppDeactivation } from './app-deactivation.js';
import { ArtifactRepository } from './artifact.repository.js';
import { DeploymentCancellation } from './deployment-cancellation.js';
import { DeploymentController } from './deployment.controller.js';
import { DeploymentLifecycle } from './deployment-lifecycle.js';
import { DeploymentLogService } from './deployment-log.service.js';
import { DeploymentRepository } from './deployment.repository.js';
import { DeploymentService } from './deployment.service.js';

@Module({
  imports: [AppFeatureModule, ArchiveModule, EdgeModule, InstanceModule, OrganizationModule, WorkModule],
  controllers: [DeploymentController],
  providers: [
    AppDeactivation,
    ArtifactRepository,
    DeploymentCancellation,
    DeploymentLifecycle,
    DeploymentLogService,
    DeploymentRepository,
    DeploymentService,
  ],
  exports: [ArtifactRepository, DeploymentLifecycle, DeploymentRepository],
})
export class DeploymentModule {}
