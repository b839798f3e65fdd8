import { loadEnvironment, provisionerEnvironment, type SettingsFrom } from '@capsule/config';

export type ProvisionerSettings = SettingsFrom<typeof provisionerEnvironment>;

/** Of a command that works on tenants' schemas and ends. */
export type TenantsSettings = Pick<ProvisionerSettings, 'owner' | 'parallel'>;

/** @throws EnvironmentError naming every faulty variable */
export function readProvisionerSettings(): ProvisionerSettings {
  return loadEnvironment(provisionerEnvironment, process.env);
}

/** @throws EnvironmentError naming every faulty variable */
export function readTenantsSettings(): TenantsSettings {
  const { owner, parallel } = provisionerEnvironment.variables;
  return loadEnvironment({ name: provisionerEnvironment.name, variables: { owner, parallel } }, process.env);
}
