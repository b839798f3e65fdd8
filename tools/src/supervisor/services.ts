import { request } from 'node:http';
import { join, resolve } from 'node:path';
import { type AppName, appNames } from '@capsule/contracts';
import {
  type HttpSettings,
  loadEnvironment,
  pickEnvironment,
  provisionerEnvironment,
  shutdownDeadlines,
} from '@capsule/config';
import { bundledProgram } from '../../bootstrap/bundle.mjs';
import type { Home } from './home.js';
import type { ProcessDefinition } from './managed-process.js';
import { appEnvironments } from './platform-settings.js';

type Source = Readonly<Record<string, string | undefined>>;

/** Of the supervisor's own environment: what programs need to find each other, be read and reach registries. */
export const ambientVariables = [
  'PATH',
  'HOME',
  'USER',
  'LANG',
  'LC_ALL',
  'TZ',
  'TMPDIR',
  'NODE_ENV',
  'NODE_EXTRA_CA_CERTS',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'GIT_SSL_CAINFO',
  ...['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'http_proxy', 'https_proxy', 'no_proxy'],
];

/**
 * Five services share a small machine. Young objects of ours die within a request, so a small nursery costs little and
 * saves some 20 MB each; the ceiling keeps a leak from taking the machine with it.
 */
const memoryFlags = ['--max-semi-space-size=4', '--max-old-space-size=256'];
/** Everybody's requests are under way here at once and outlive a small nursery: V8's own spares 7 % of the CPU time. */
const gatewayMemoryFlags = ['--max-old-space-size=256'];

export function ambientEnvironment(source: Source): Record<string, string | undefined> {
  return Object.fromEntries(ambientVariables.map((name) => [name, source[name]]));
}

/**
 * One service of the platform as a process that is given its own variables and nobody else's secrets.
 * @param unbundled as the modules that the compiler wrote, for who edits it or reaches into it
 */
export function serviceProcess(
  app: AppName,
  workspace: string,
  source: Source,
  { unbundled = false } = {},
): ProcessDefinition {
  const environment = appEnvironments[app];
  const { http } = loadEnvironment({ name: app, variables: { http: environment.variables.http } }, source);
  const program = unbundled
    ? join(workspace, 'apps', app, 'dist/main.js')
    : bundledProgram(workspace, app, 'main');
  return {
    name: app,
    listens: {
      port: http.port,
      variable: app === 'gateway' ? 'GATEWAY_PORT' : `${app.toUpperCase()}_SERVICE_PORT`,
    },
    program: process.execPath,
    arguments: [...(app === 'gateway' ? gatewayMemoryFlags : memoryFlags), program],
    environment: { ...ambientEnvironment(source), ...pickEnvironment(environment, source) },
    cwd: workspace,
    marker: program,
    stopSignal: 'SIGTERM',
    stopTimeoutMs: shutdownDeadlines(http).supervisorMs,
    startTimeoutMs: 30_000,
    probe: () => isReady(http),
  };
}

const provisionerName = 'provisioner';

/** Whether a process is built from this checkout: a service or the provisioner, and not one of the servers. */
export function isOwnProgram({ name }: { name: string }): boolean {
  return name === provisionerName || appNames.some((app) => app === name);
}

/** A schema that is being made when it is told to end is finished first. */
const provisionerStopTimeoutMs = 15_000;

/** Makes the schemas of monitor's tenants: beside the migrations the one process that has an owner's credentials. */
export function provisionerProcess(workspace: string, source: Source): ProcessDefinition {
  const { http } = loadEnvironment(
    { name: 'the provisioner', variables: { http: provisionerEnvironment.variables.http } },
    source,
  );
  const program = bundledProgram(workspace, 'monitor', 'command');
  return {
    name: provisionerName,
    listens: { port: http.port, variable: 'MONITOR_PROVISIONER_PORT' },
    program: process.execPath,
    arguments: [...memoryFlags, program, 'provision'],
    environment: { ...ambientEnvironment(source), ...pickEnvironment(provisionerEnvironment, source) },
    cwd: workspace,
    marker: program,
    stopSignal: 'SIGTERM',
    stopTimeoutMs: provisionerStopTimeoutMs,
    startTimeoutMs: 30_000,
    probe: () => isReady(http),
  };
}

/** Folders and sockets that lie in the home unless somebody put them elsewhere. */
export function withHomePaths(
  source: Source,
  home: Home,
  workspace: string,
  { externalServers = false }: { externalServers?: boolean } = {},
): Record<string, string | undefined> {
  const folder = (variable: string, inside: string) =>
    source[variable] ? resolve(workspace, source[variable]) : join(home.path, inside);
  return {
    ...source,
    STORAGE_FOLDER: folder('STORAGE_FOLDER', 'storage'),
    DEPLOY_SERVICE_ENGINE_FOLDER: folder('DEPLOY_SERVICE_ENGINE_FOLDER', 'instances'),
    // An edge of one's own listens in the home; only somebody else's may be found where a variable says.
    APPS_EDGE_ADMIN_SOCKET: (externalServers && source['APPS_EDGE_ADMIN_SOCKET']) || home.edgeAdminSocket,
  };
}

function isReady({ host, port }: Pick<HttpSettings, 'host' | 'port'>): Promise<void> {
  return new Promise((resolvePromise, reject) => {
    const call = request({ host, port, path: '/health/ready', timeout: 5_000, agent: false }, (response) => {
      response.resume();
      if (response.statusCode === 200) resolvePromise();
      else reject(new Error(`/health/ready answered ${response.statusCode}`));
    });
    call.once('timeout', () => call.destroy(new Error('/health/ready did not answer')));
    call.once('error', reject);
    call.end();
  });
}
