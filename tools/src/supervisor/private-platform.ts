import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { bundleApps } from '../../bootstrap/bundle.mjs';
import { ensureEnvironmentFile, readEnvironment } from './environment-file.js';
import { chooseHome, type Home, openHome } from './home.js';
import { Platform } from './platform.js';
import { byName, type PlatformSettings, readPlatformSettings } from './platform-settings.js';
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
  /** Of the hundred it takes; see portVariables. */
  firstPort: number;
  reporter: Reporter;
  variables?: Record<string, string>;
  /** See PlatformOptions. */
  unbundled?: boolean;
}

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
  const ports = portVariables(options.firstPort);
  const source = {
    ...withHomePaths(readEnvironment(path, { ...ports, ...options.variables }), home, path),
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
  const gatewayUrl = `http://127.0.0.1:${ports.GATEWAY_PORT}`;
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

const portNames = [
  'GATEWAY_PORT',
  'AUTH_SERVICE_PORT',
  'DEPLOY_SERVICE_PORT',
  'MONITOR_SERVICE_PORT',
  'BILLING_SERVICE_PORT',
  'MONITOR_PROVISIONER_PORT',
  'AUTH_SERVICE_DB_PORT',
  'DEPLOY_SERVICE_DB_PORT',
  'MONITOR_SERVICE_DB_PORT',
  'BILLING_SERVICE_DB_PORT',
  'REDIS_PORT',
  'APPS_EDGE_PORT',
] as const;
type PortVariable =
  | (typeof portNames)[number]
  | 'NATS_URL'
  | 'DEPLOY_SERVICE_INSTANCE_PORT_MIN'
  | 'DEPLOY_SERVICE_INSTANCE_PORT_MAX';

/** The variables of every port of a platform, which takes the hundred from `firstPort` on. */
export function portVariables(firstPort: number): Record<PortVariable, string> {
  return {
    ...byName(portNames, (name) => String(firstPort + portNames.indexOf(name))),
    NATS_URL: `nats://127.0.0.1:${firstPort + portNames.length}`,
    DEPLOY_SERVICE_INSTANCE_PORT_MIN: String(firstPort + 20),
    DEPLOY_SERVICE_INSTANCE_PORT_MAX: String(firstPort + 99),
  };
}
