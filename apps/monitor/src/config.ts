import { registerAs } from '@nestjs/config';
import { loadEnvironment, monitorEnvironment, type SettingsFrom } from '@capsule/config';

export type MonitorSettings = SettingsFrom<typeof monitorEnvironment>;

/** The only reader of the environment; everything else injects `config.KEY`. */
export const config = registerAs('monitor', (): MonitorSettings =>
  loadEnvironment(monitorEnvironment, process.env),
);
