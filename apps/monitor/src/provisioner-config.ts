import { loadEnvironment, provisionerEnvironment, type SettingsFrom } from '@capsule/config';

export type ProvisionerSettings = SettingsFrom<typeof provisionerEnvironment>;

/** @throws EnvironmentError naming every faulty variable */
export function readProvisionerSettings(): ProvisionerSettings {
  return loadEnvironment(provisionerEnvironment, process.env);
}
