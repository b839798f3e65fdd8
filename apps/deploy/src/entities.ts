import { AppEntity } from './apps/app.entity.js';
import { DeploymentEntity } from './deployments/deployment.entity.js';
import { InstanceEntity } from './deployments/instances/instance.entity.js';
import { OrganizationEntity } from './organizations/organization.entity.js';
import { QuotaEntity } from './organizations/quota.entity.js';
import { ProjectEntity } from './projects/project.entity.js';

/** The tables that are read and written as entities; the others are reached by statements alone. */
export const entities = [
  AppEntity,
  DeploymentEntity,
  InstanceEntity,
  OrganizationEntity,
  ProjectEntity,
  QuotaEntity,
];
