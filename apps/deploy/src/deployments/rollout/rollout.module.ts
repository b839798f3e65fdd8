import { Module } from '@nestjs/common';
import { AppFeatureModule } from '../../apps/app-feature.module.js';
import { ArchiveModule } from '../../archives/archive.module.js';
import { DeploymentModule } from '../deployment.module.js';
import { EdgeModule } from '../../edge/edge.module.js';
import { InstanceModule } from '../instances/instance.module.js';
import { OrganizationModule } from '../../organizations/organization.module.js';
import { WorkModule } from '../../work/work.module.js';
import { BringUp } from './bring-up.js';
import { BuildPhase } from './build-phase.js';
import { DeploymentRunner } from './deployment-runner.js';
import { HeldChanges } from './held-changes.js';
import { HealthGate } from './health-gate.js';
import { InstanceReconciler } from './instance-reconciler.js';
import { InstanceRunner } from './instance-runner.js';
import { Reaper } from './reaper.js';
import { RolloutWorkers } from './rollout-workers.js';
import { StepLog } from './step-log.js';
import { UpdatePhase } from './update-phase.js';

@Module({
  imports: [
    AppFeatureModule,
    ArchiveModule,
    DeploymentModule,
    EdgeModule,
    InstanceModule,
    OrganizationModule,
    WorkModule,
  ],
  providers: [
    BringUp,
    BuildPhase,
    DeploymentRunner,
    HealthGate,
    HeldChanges,
    InstanceReconciler,
    InstanceRunner,
    Reaper,
    RolloutWorkers,
    StepLog,
    UpdatePhase,
  ],
  exports: [RolloutWorkers, Reaper],
})
export class RolloutModule {}
