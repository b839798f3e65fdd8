import { Injectable } from '@nestjs/common';
import { Database } from '@capsule/database';

/** Whose an instance is. Never changes in an instance's life, so it may be remembered. */
export interface InstancePlace {
  instanceId: string;
  tenantId: string;
  appId: string;
  deploymentId: string;
}

const LOCATE = {
  name: 'instance-locate',
  text: `SELECT instance_id AS "instanceId", tenant_id AS "tenantId", app_id AS "appId",
           deployment_id AS "deploymentId" FROM instance_locate($1)`,
};

@Injectable()
export class InstanceDirectory {
  constructor(private readonly database: Database) {}

  /** Over all organizations, ids only. Instances this database has never heard of are left out. */
  locate(instanceIds: readonly string[]): Promise<InstancePlace[]> {
    return this.database.withoutTenant((tx) => tx.query<InstancePlace>(LOCATE, [instanceIds]));
  }
}
