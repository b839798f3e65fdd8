import { registerAs } from '@nestjs/config';
import { loadEnvironment, monitorEnvironment } from '@capsule/config';

export const config = registerAs('monitor', () => loadEnvironment(monitorEnvironment, process.env));
