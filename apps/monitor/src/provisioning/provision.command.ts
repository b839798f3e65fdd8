import { once } from 'node:events';
import { collectProcessMetrics, createLogger } from '@capsule/telemetry';
import { readProvisionerSettings } from '../provisioner-config.js';
import { serveHealth } from './provisioner-health.js';
import { Provisioner } from './provisioner.js';

/** The command `provision`: runs until SIGTERM or SIGINT. */
export async function provision(): Promise<number> {
  const { http, operations, owner, parallel, log } = readProvisionerSettings();
  const logger = createLogger({ app: 'monitor-provisioner', ...log });
  const stopped = Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')]);
  collectProcessMetrics();
  const provisioner = new Provisioner({ owner, parallel, logger });
  const server = await serveHealth(provisioner, { http, operations });
  provisioner.start();
  logger.info({ url: `http://${http.host}:${http.port}` }, 'Started');
  await stopped;
  logger.info('Stopping');
  await provisioner.stop();
  server.close();
  server.closeAllConnections();
  return 0;
}
