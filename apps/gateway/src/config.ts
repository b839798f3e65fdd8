import { type ConfigType, registerAs } from '@nestjs/config';
import { gatewayEnvironment, loadEnvironment } from '@capsule/config';

export const config = registerAs('gateway', () => loadEnvironment(gatewayEnvironment, process.env));
export type GatewaySettings = ConfigType<typeof config>;
