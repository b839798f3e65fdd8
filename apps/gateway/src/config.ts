import { registerAs } from '@nestjs/config';
import { gatewayEnvironment, loadEnvironment, type SettingsFrom } from '@capsule/config';

export type GatewaySettings = SettingsFrom<typeof gatewayEnvironment>;

/** The only reader of the environment; everything else injects `config.KEY`. */
export const config = registerAs('gateway', (): GatewaySettings =>
  loadEnvironment(gatewayEnvironment, process.env),
);
