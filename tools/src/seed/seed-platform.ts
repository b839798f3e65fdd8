import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { loadEnvironment, pickEnvironment, platformEnvironment } from '@capsule/config';
import { type SeedPlan, type ServiceName, serviceNames } from '@capsule/contracts';
import { isLoopback } from '../migrations/confirm-reset.js';
import { appEnvironments, byName } from '../supervisor/platform-settings.js';
import { ambientEnvironment, serviceProcess } from '../supervisor/services.js';

type Source = Readonly<Record<string, string | undefined>>;

/** A place where the seeds may be written, and how. */
export interface SeedTarget {
  workspace: string;
  /** The variables of the platform, with the folders of its home. */
  source: Source;
  /** Where the services tell how far they are. */
  progress: 'inherit' | 'ignore';
}

/** Billing comes first: see its seed command. Deploy needs the events of both before it, and monitor those of all. */
const ORDER = ['billing', 'auth', 'deploy', 'monitor'] as const satisfies readonly ServiceName[];

/**
 * Lets each service write its part of the plan, one after the other.
 * @returns how many rows each has written; zeros when all was there
 */
export async function seedPlatform(
  target: SeedTarget,
  plan: SeedPlan,
  password: string,
  tell: (service: ServiceName) => void = () => {},
): Promise<Record<ServiceName, number>> {
  const written = { auth: 0, billing: 0, deploy: 0, monitor: 0 };
  for (const service of ORDER) {
    tell(service);
    // Nobody but auth is told the password.
    written[service] = await seedService(target, service, service === 'auth' ? { ...plan, password } : plan);
  }
  return written;
}

async function seedService(target: SeedTarget, service: ServiceName, plan: SeedPlan): Promise<number> {
  const { workspace, source, progress } = target;
  const child = spawn(process.execPath, [join(workspace, 'apps', service, 'dist/command.js'), 'seed'], {
    cwd: workspace,
    env: { ...ambientEnvironment(source), ...pickEnvironment(appEnvironments[service], source) },
    stdio: ['pipe', 'pipe', progress],
  });
  // One that ends before it has read its plan says why itself.
  child.stdin.on('error', () => {}).end(JSON.stringify(plan));
  const [output, [code]] = await Promise.all([
    text(child.stdout),
    once(child, 'close') as Promise<[number | null]>,
  ]);
  if (code !== 0) throw new Error(`${service} could not write its part. The next run goes on from there.`);
  return (JSON.parse(output) as { written: number }).written;
}

/** What says whose platform it is. */
const placeEnvironment = {
  name: 'the seeds',
  variables: {
    stage: platformEnvironment.variables.stage,
    services: byName(serviceNames, (service) => {
      const { database, nats } = appEnvironments[service].variables;
      return { database, nats };
    }),
  },
};

/**
 * Why demo users with a known password have no business here; undefined where they may be.
 * @throws EnvironmentError
 */
export function reasonAgainst(source: Source): string | undefined {
  const { stage, services } = loadEnvironment(placeEnvironment, source);
  if (stage === 'production') return 'NODE_ENV is production';
  const hosts = Object.values(services).flatMap(({ database, nats }) => [
    database.host,
    new URL(nats.url).hostname,
  ]);
  const away = hosts.find((host) => !isLoopback(host));
  return away === undefined ? undefined : `${away} is not this machine`;
}

/** The relays bring the events from service to service, and the provisioner makes the tenants' schemas. */
export async function isRunning({ workspace, source }: SeedTarget): Promise<boolean> {
  const probes = serviceNames.map((service) => serviceProcess(service, workspace, source).probe());
  return Promise.all(probes).then(
    () => true,
    () => false,
  );
}
