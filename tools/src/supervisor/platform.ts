// The whole platform on one machine: servers, then each service as soon as what it needs is there.
//
//   PostgreSQL of a service -> its roles -> its migrations ┐
//   NATS -> streams and durables                           ├-> the service -> the demo, once all five are ready
//   Redis (the gateway's limits)                           ┘
//
// Beside monitor, once its database is migrated, the provisioner that makes the schemas of its tenants.
//
// Ending goes the other way: services drain first, then hosted apps end, then the servers stop. Data stays. When the supervisor
// itself is killed, everything runs on unwatched; the next start finds the processes by their records and begins anew.
import { type AppName, appNames, type ServiceName, serviceNames } from '@capsule/contracts';
import { loadEnvironment, migrationEnvironments } from '@capsule/config';
import type { Home } from './home.js';
import { endHostedApps } from './hosted-apps.js';
import { ManagedProcess } from './managed-process.js';
import { assertEnvironmentUsable, byName, readPlatformSettings } from './platform-settings.js';
import { assertPortsFree } from './ports.js';
import { stopLeftover } from './process-record.js';
import { type Reporter, reportTo } from './reporter.js';
import { provisionerProcess, serviceProcess } from './services.js';
import { externalServers } from './external-servers.js';
import { launchServers, serverDefinitions, type Servers } from './start-servers.js';

type Source = Readonly<Record<string, string | undefined>>;

export interface PlatformOptions {
  /** Services that somebody edits: they write to the terminal instead of their log. */
  reloading?: readonly AppName[];
  /** The services run as the modules that the compiler wrote, so that what is preloaded can reach into them. */
  unbundled?: boolean;
  /** The servers run already, in containers or elsewhere; they are used as the environment names them. */
  externalServers?: boolean;
}

export class Platform {
  private servers: Servers | undefined;
  private ending = false;
  private readonly services: Record<AppName, ManagedProcess>;
  private readonly provisioner: ManagedProcess;

  constructor(
    private readonly workspace: string,
    private readonly home: Home,
    private readonly source: Source,
    private readonly reporter: Reporter,
    private readonly options: PlatformOptions = {},
  ) {
    assertEnvironmentUsable(source);
    this.services = byName(appNames, (app) => {
      const reloads = options.reloading?.includes(app) ?? false;
      const unbundled = reloads || options.unbundled;
      const definition = serviceProcess(app, workspace, source, { unbundled });
      return new ManagedProcess({ ...definition, reloads }, home, reportTo(reporter));
    });
    this.provisioner = new ManagedProcess(provisionerProcess(workspace, source), home, reportTo(reporter));
  }

  get processes(): readonly ManagedProcess[] {
    return [...(this.servers?.processes ?? []), ...this.ownPrograms];
  }

  /** Whether there is something to stop. */
  get hasBegun(): boolean {
    return this.servers !== undefined;
  }

  /** What is built from this checkout. */
  private get ownPrograms(): readonly ManagedProcess[] {
    return [...Object.values(this.services), this.provisioner];
  }

  /** Resolves when every service is ready. Rejects with the first reason why one cannot be. */
  async start(): Promise<void> {
    const settings = readPlatformSettings(this.source, this.home.path);
    const programs = this.ownPrograms.map(({ definition }) => definition);
    const servers = this.options.externalServers ? [] : serverDefinitions(this.home, settings);
    // Programs that a killed supervisor left running must not see their servers vanish.
    for (const group of [programs, servers])
      await Promise.all(group.map((definition) => stopLeftover(this.home.run, definition)));
    // All told at once and now, not after everything else has started.
    await assertPortsFree([...programs, ...servers]);
    if (this.ending) throw new Error('Stopped while starting.');
    this.servers = this.options.externalServers
      ? externalServers(this.home, settings)
      : launchServers(this.home, settings, reportTo(this.reporter));
    const { databases, bus, cache, edge } = this.servers;
    await Promise.all([
      edge,
      ...serviceNames.map(async (service) => {
        const migrated = databases[service].then(() => this.migrate(service));
        await Promise.all([
          Promise.all([migrated, bus]).then(() => this.startService(service)),
          service === 'monitor' && migrated.then(() => this.startProvisioner()),
        ]);
      }),
      Promise.all([bus, cache]).then(() => this.startService('gateway')),
    ]);
  }

  /** Some tell a whole tree of processes to end, as nx does; none of those is taken for a crash after this. */
  startNoMore(): void {
    this.ending = true;
    for (const each of this.processes) each.startNoMore();
  }

  /**
   * The gateway first, so that a request it still has finds its service; then the services, so that none loses a server
   * while it finishes work; then the apps; then the servers.
   */
  async stop(): Promise<void> {
    this.startNoMore();
    await this.services.gateway.stop();
    await Promise.all([
      ...serviceNames.map((service) => this.services[service].stop()),
      this.provisioner.stop(),
    ]);
    await endHostedApps(this.workspace, this.source).catch((error: Error) =>
      this.reporter.failure(error.message),
    );
    await this.servers?.stop();
  }

  async restart(app: AppName): Promise<void> {
    if (this.ending) return;
    await Promise.all([
      this.services[app].restart(),
      // The same sources.
      app === 'monitor' && this.provisioner.restart(),
    ]);
  }

  /** Stops one service for somebody who runs it from an editor; the returned function takes it back. */
  async lend(app: AppName): Promise<() => Promise<void>> {
    await this.services[app].stop();
    this.services[app].state = 'served elsewhere';
    this.reporter.note(`${app} is served by another process until that ends.`);
    return () => this.startService(app).catch((error: Error) => this.reporter.failure(error.message));
  }

  private async startService(app: AppName): Promise<void> {
    if (!this.ending) await this.services[app].start();
  }

  private async startProvisioner(): Promise<void> {
    if (!this.ending) await this.provisioner.start();
  }

  private async migrate(service: ServiceName): Promise<void> {
    // Loaded while the servers start: it brings much that only migrations need.
    const { Migrator, migrationsFolder } = await import('@capsule/database');
    const { owner } = loadEnvironment(migrationEnvironments[service], this.source);
    const startedAt = performance.now();
    try {
      const applied = await new Migrator(owner, migrationsFolder(service)).migrate();
      const detail = applied.length > 0 ? `${applied.length} applied` : 'up to date';
      this.reporter.step(`migrations of ${service}`, performance.now() - startedAt, detail);
    } catch (error) {
      throw new Error(`The migrations of ${service} failed: ${(error as Error).message}`, { cause: error });
    }
  }
}
