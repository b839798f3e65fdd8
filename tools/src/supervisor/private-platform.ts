import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type AppName, type ServiceName } from '@capsule/contracts';
import { bundleApps } from '../../bootstrap/bundle.mjs';
import { ensureEnvironmentFile, readEnvironment } from './environment-file.js';
import { chooseHome, type Home, openHome } from './home.js';
import { Platform } from './platform.js';
import { type PlatformSettings, readPlatformSettings } from './platform-settings.js';
import type { Reporter } from './reporter.js';
import { withHomePaths } from './services.js';
import { claimHome, releaseHome } from './supervisor-lock.js';

/** A whole platform of its own, for tools that load or kill one: own data, own secrets, own ports, in this process. */
export interface PrivatePlatform {
  readonly platform: Platform;
  home: Home;
  settings: PlatformSettings;
  source: Readonly<Record<string, string | undefined>>;
  gatewayUrl: string;
  stop(): Promise<void>;
}

interface PrivatePlatformOptions {
  workspace: string;
  /** Folder below the checkout's home; what lies there from an earlier run is thrown away. */
  name: string;
  /** The usual ports are 7000 and more; they move to this and more. */
  firstPort: number;
  reporter: Reporter;
  variables?: Record<string, string>;
  /** See PlatformOptions. */
  unbundled?: boolean;
}

const servicePorts: Record<AppName, number> = {
  gateway: 80,
  auth: 100,
  deploy: 101,
  monitor: 102,
  billing: 103,
};
const databasePorts: Record<ServiceName, number> = { auth: 110, deploy: 111, monitor: 112, billing: 113 };

export async function startPrivatePlatform(options: PrivatePlatformOptions): Promise<PrivatePlatform> {
  const path = join(chooseHome(options.workspace, process.env['CAPSULE_HOME']), options.name);
  claimHome(openHome(path));
  // Records stay: by them a start ends what a killed run left behind.
  for (const name of readdirSync(path).filter((each) => each !== 'run')) {
    rmSync(join(path, name), { recursive: true });
  }
  const home = openHome(path);
  // Its `.env` lies in its home; the checkout's own is neither read nor written.
  ensureEnvironmentFile(path, path);
  const source = {
    ...withHomePaths(
      readEnvironment(path, { ...portVariables(options.firstPort), ...options.variables }),
      home,
      path,
    ),
    // The key's path is relative to the folder of `.env`, and the services run in the checkout.
    JWT_PRIVATE_KEY_FILE: join(path, 'keys', 'jwt-private-key.pem'),
    PATH: process.env['PATH'],
  };
  const { unbundled } = options;
  await bundleApps(options.workspace);
  const platform = new Platform(options.workspace, home, source, options.reporter, { unbundled });
  const stop = async () => {
    await platform.stop();
    releaseHome(home);
  };
  try {
    await platform.start();
  } catch (error) {
    await stop();
    throw error;
  }
  const gatewayUrl = `http://127.0.0.1:${options.firstPort + servicePorts.gateway}`;
  const settings = readPlatformSettings(source, path);
  return {
    platform,
    home,
    settings,
    source,
    gatewayUrl,
    stop,
  };
}

/** The variables of every port of a platform, moved as `firstPort` says. */
export function portVariables(firstPort: number): Record<string, string> {
  const variables: Record<string, number> = {
    GATEWAY_PORT: servicePorts.gateway,
    MONITOR_PROVISIONER_PORT: 104,
    REDIS_PORT: 120,
    APPS_EDGE_PORT: 180,
    DEPLOY_SERVICE_INSTANCE_PORT_MIN: 200,
    DEPLOY_SERVICE_INSTANCE_PORT_MAX: 299,
  };
  for (const [service, offset] of Object.entries(databasePorts)) {
    variables[`${service.toUpperCase()}_SERVICE_DB_PORT`] = offset;
    variables[`${service.toUpperCase()}_SERVICE_PORT`] = servicePorts[service as ServiceName];
  }
  const moved = Object.entries(variables).map(([name, offset]) => [name, String(firstPort + offset)]);
  return { ...Object.fromEntries(moved), NATS_URL: `nats://127.0.0.1:${firstPort + 121}` } as Record<
    string,
    string
  >;
}
