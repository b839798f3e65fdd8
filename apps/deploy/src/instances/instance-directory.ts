/** Whose an instance is. Never changes in an instance's life, so it may be remembered. */
export interface InstancePlace {
  instanceId: string;
  tenantId: string;
  appId: string;
  deploymentId: string;
}
