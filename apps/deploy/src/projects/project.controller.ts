import { Controller } from '@nestjs/common';
import { projectCreate, projectGet, projectList, type RequestOf } from '@capsule/contracts';
import { Rpc } from '@capsule/messaging';
import { ProjectService } from './project.service.js';

@Controller()
export class ProjectController {
  constructor(private readonly projects: ProjectService) {}

  @Rpc(projectCreate)
  create(request: RequestOf<typeof projectCreate>) {
    return this.projects.create(request);
  }

  @Rpc(projectGet)
  get(request: RequestOf<typeof projectGet>) {
    return this.projects.get(request);
  }

  @Rpc(projectList)
  list(request: RequestOf<typeof projectList>) {
    return this.projects.list(request);
  }
}
