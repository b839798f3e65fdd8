import { Controller } from '@nestjs/common';
import {
  appDeactivate,
  deploymentCancel,
  deploymentCreate,
  deploymentGet,
  deploymentList,
  deploymentLogRead,
  deploymentRollback,
  type RequestOf,
} from '@capsule/contracts';
import { Rpc } from '@capsule/messaging';
import { AppDeactivation } from './app-deactivation.js';
import { DeploymentLogService } from './deployment-log.service.js';
import { DeploymentService } from './deployment.service.js';

@Controller()
export class DeploymentController {
  constructor(
    private readonly deployments: DeploymentService,
    private readonly deactivation: AppDeactivation,
    private readonly logs: DeploymentLogService,
  ) {}

  @Rpc(deploymentCreate)
  create(request: RequestOf<typeof deploymentCreate>) {
    return this.deployments.create(request);
  }

  @Rpc(deploymentGet)
  get(request: RequestOf<typeof deploymentGet>) {
    return this.deployments.get(request);
  }

  @Rpc(deploymentList)
  list(request: RequestOf<typeof deploymentList>) {
    return this.deployments.list(request);
  }

  @Rpc(deploymentCancel)
  cancel(request: RequestOf<typeof deploymentCancel>) {
    return this.deployments.cancel(request);
  }

  @Rpc(deploymentRollback)
  rollback(request: RequestOf<typeof deploymentRollback>) {
    return this.deployments.rollback(request);
  }

  @Rpc(deploymentLogRead)
  readLog(request: RequestOf<typeof deploymentLogRead>) {
    return this.logs.read(request);
  }

  @Rpc(appDeactivate)
  deactivate(request: RequestOf<typeof appDeactivate>) {
    return this.deactivation.deactivate(request);
  }
}
