/** provisioning: its schema is being made. failed: it could not be made and is tried again. */
export type TenantState = 'provisioning' | 'active' | 'failed';

export interface Tenant {
  id: string;
  name: string;
  domain: string;
  schemaName: string;
  plan: string;
  isActive: boolean;
  state: TenantState;
  metadata: Record<string, unknown>;
}
