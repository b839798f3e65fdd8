import { registerAs } from '@nestjs/config';
import { deployEnvironment, loadEnvironment, type SettingsFrom } from '@capsule/config';

export type DeploySettings = SettingsFrom<typeof deployEnvironment>;

/** The only reader of the environment; everything else injects `config.KEY`. */
export const config = registerAs('deploy', (): DeploySettings =>
  loadEnvironment(deployEnvironment, process.env),
);
