import { registerAs } from '@nestjs/config';
import { authEnvironment, loadEnvironment, type SettingsFrom } from '@capsule/config';

export type AuthSettings = SettingsFrom<typeof authEnvironment>;

/** The only reader of the environment; everything else injects `config.KEY`. */
export const config = registerAs('auth', (): AuthSettings => loadEnvironment(authEnvironment, process.env));
