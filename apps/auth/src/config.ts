import { registerAs } from '@nestjs/config';
import { authEnvironment, loadEnvironment, type SettingsFrom } from '@capsule/config';

export type AuthSettings = SettingsFrom<typeof authEnvironment>;

export const config = registerAs('auth', (): AuthSettings => loadEnvironment(authEnvironment, process.env));
