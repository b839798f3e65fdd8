import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { projectCreate, projectGet, projectList, type RequestOf } from '@capsule/contracts';
import { Rpc } from '@capsule/messaging';
import { ProjectService } from './project.service.js';

@Controller()
export class ProjectController {
  constructor(private readonly projects: ProjectService) {}

  @Rpc(projectCreate)
  create(@Payload() request: RequestOf<typeof projectCreate>) {
    return this.projects.create(request);
  }

  @Rpc(projectGet)
  get(@Payload() request: RequestOf<typeof projectGet>) {
    return this.projects.get(request);
  }

  @Rpc(projectList)
  list(@Payload() request: RequestOf<typeof projectList>) {
    return this.projects.list(request);
  }
}
