import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream, existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import {
  archiveBegin,
  entitlementsChanged,
  type Entitlements,
  type EventContract,
  type EventEnvelope,
  organizationCreated,
} from '@capsule/contracts';
import { EventPublisher, NatsConnection, RpcClient } from '@capsule/messaging';
import { ObjectStore } from '@capsule/storage';
import {
  createTestDatabase,
  eventually,
  freePort,
  startTestNats,
  type TestDatabase,
  TestIssuer,
  type TestNats,
} from '@capsule/testing';
import { testPorts } from '@capsule/testing/test-ports';
import type { Client } from 'pg';
import { archiveOf } from './archive.fixture.js';
import { CaddyFixture } from './caddy.fixture.js';
import { Organization } from './organization.fixture.js';

const MEBIBYTE = 1024 * 1024;
const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

export const generous: Entitlements = {
  maxProjects: 10_000,
  maxApps: 10_000,
  maxConcurrentBuilds: 4,
  maxInstanceMemoryBytes: 4096 * MEBIBYTE,
  metricsRetentionDays: 7,
};

/**
 * The compiled deploy service in a process of its own, so that it can be killed, on a database, a NATS server, a Caddy
 * and folders nobody else uses; and what is around it: gateway, auth and billing as far as they touch it.
 */
export class DeployServiceFixture {
  private child: ChildProcess | undefined;
  private connections: NatsConnection[] = [];
  private gateway!: RpcClient;
  readonly publishers = new Map<'auth' | 'billing', EventPublisher>();
  private httpPort = 0;

  private constructor(
    readonly folder: string,
    readonly database: TestDatabase,
    readonly nats: TestNats,
    readonly caddy: CaddyFixture,
    readonly store: ObjectStore,
    readonly issuer: TestIssuer,
    private readonly extra: Record<string, string>,
  ) {}

  static async start(extra: Record<string, string> = {}): Promise<DeployServiceFixture> {
    if (!existsSync(MAIN))
      throw new Error('deploy is not compiled: run specs by npm test, which builds first');
    const folder = await mkdtemp(join(tmpdir(), 'capsule-deploy-'));
    await chmod(folder, 0o711);
    await mkdir(join(folder, 'caddy'), { mode: 0o700 });
    // The database first: without the servers of the test run nothing else is begun.
    const database = await createTestDatabase('deploy');
    const [nats, caddy, store, issuer] = await Promise.all([
      startTestNats(),
      CaddyFixture.start(join(folder, 'caddy')),
      ObjectStore.open(join(folder, 'storage')),
      TestIssuer.create(),
    ]);
    const fixture = new DeployServiceFixture(folder, database, nats, caddy, store, issuer, extra);
    try {
      await issuer.answerForKeys(nats);
      fixture.gateway = new RpcClient(await fixture.connect('gateway'));
      for (const app of ['auth', 'billing'] as const) {
        fixture.publishers.set(app, new EventPublisher(await fixture.connect(app)));
      }
      await fixture.boot();
      return fixture;
    } catch (error) {
      await fixture.close();
      throw error;
    }
  }

  /** Of the service; null when it does not run. */
  get pid(): number | null {
    const { pid, exitCode, signalCode } = this.child ?? {};
    return exitCode === null && signalCode === null ? (pid ?? null) : null;
  }

  /** Starts the service, with the memory that the supervisor gives it, and waits until it is ready. */
  async boot(): Promise<void> {
    this.httpPort = await freePort();
    const output = createWriteStream(join(this.folder, 'service.log'), { flags: 'a' });
    await once(output, 'open');
    const child = spawn(process.execPath, ['--max-old-space-size=256', MAIN], {
      env: this.environment(),
      stdio: ['ignore', output, output],
    });
    process.once('exit', () => child.kill('SIGKILL'));
    this.child = child;
    await eventually(async () => {
      if (child.exitCode !== null) throw new Error(await readFile(join(this.folder, 'service.log'), 'utf8'));
      const answer = await fetch(`http://127.0.0.1:${this.httpPort}/health/ready`);
      if (!answer.ok) throw new Error(await answer.text());
    }, 20_000);
  }

  /** No handler runs, nothing is released. */
  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  async terminate(): Promise<void> {
    await this.end('SIGTERM');
  }

  async reboot(): Promise<void> {
    await this.kill();
    await this.boot();
  }

  /** An organization that has signed up, with its quotas. */
  async organization(slug: string, entitlements: Partial<Entitlements> = {}): Promise<Organization> {
    const organization = this.unknownOrganization(slug);
    await this.signUp(organization);
    await this.entitle(organization, 1, entitlements);
    await eventually(async () => {
      const { rowCount } = await this.sql((db) =>
        db.query('SELECT FROM quotas WHERE tenant_id = $1', [organization.tenantId]),
      );
      if (rowCount !== 1) throw new Error('the quotas have not arrived');
    });
    return organization;
  }

  unknownOrganization(slug: string): Organization {
    return new Organization(randomUUID(), slug, this.gateway, this.issuer);
  }

  async signUp({ tenantId, slug }: Organization): Promise<void> {
    await this.publish('auth', organizationCreated, tenantId, {
      organizationId: tenantId,
      name: slug,
      slug,
      ownerUserId: randomUUID(),
      ownerEmail: 'owner@example.com',
      createdAt: new Date().toISOString(),
    });
  }

  async entitle(
    { tenantId }: Organization,
    version: number,
    entitlements: Partial<Entitlements>,
  ): Promise<void> {
    await this.publish('billing', entitlementsChanged, tenantId, {
      organizationId: tenantId,
      planCode: 'test',
      version,
      entitlements: { ...generous, ...entitlements },
    });
  }

  /** Uploads files, or an archive that is made already, as the gateway does. @returns the source of a deployment */
  async upload(
    organization: Organization,
    { id: appId }: { id: string },
    files: Record<string, string> | Buffer,
  ) {
    const bytes = Buffer.isBuffer(files) ? files : await archiveOf(files);
    const { archiveId, storageKey } = await organization.call(archiveBegin, { appId });
    await this.store.putStream(storageKey, Readable.from([bytes]), { maxBytes: bytes.length });
    const digest = createHash('sha256').update(bytes).digest('hex');
    return { type: 'archive' as const, archiveId, digest, sizeBytes: bytes.length };
  }

  /** Keys of what lies in storage and is in no row: nobody would ever delete it. */
  async objectsWithoutRow(): Promise<string[]> {
    const folder = join(this.folder, 'storage/objects');
    const files = await readdir(folder, { recursive: true, withFileTypes: true });
    const keys = files
      .filter((file) => file.isFile())
      .map(({ parentPath, name }) => relative(folder, join(parentPath, name)));
    const { rows } = await this.sql((db) =>
      db.query<{ key: string }>(
        `SELECT key FROM unnest($1::text[]) AS key
         WHERE key NOT IN (SELECT storage_key FROM artifacts WHERE deleted_at IS NULL)
           AND key NOT IN (SELECT format('archives/%s/%s.tar.gz', tenant_id, id) FROM archive_uploads)
           AND key NOT IN (SELECT format('archives/%s/%s.tar.gz', tenant_id, archive_id) FROM deployments
                           WHERE archive_id IS NOT NULL AND archive_deleted_at IS NULL)`,
        [keys],
      ),
    );
    return rows.map(({ key }) => key);
  }

  /** GET through the edge, on a connection of its own. */
  get(
    host: string,
    path = '/',
    headers: Record<string, string> = {},
    port = this.caddy.port,
  ): Promise<{ status: number; body: string }> {
    return new Promise((resolve, reject) => {
      const call = httpRequest({
        host: '127.0.0.1',
        port,
        path,
        agent: false,
        headers: { ...headers, host: `${host}.localhost:${this.caddy.port}` },
      });
      call.once('response', (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
        response.once('end', () => resolve({ status: response.statusCode ?? 0, body }));
        response.once('error', reject);
      });
      call.once('error', reject);
      call.end();
    });
  }

  /** Looks at the database from outside, unbound by policies. */
  sql<T>(work: (client: Client) => Promise<T>): Promise<T> {
    return this.database.asSuperuser(work);
  }

  /** Ids of the processes whose arguments or working directory name the id. */
  async processesOf(id: string): Promise<number[]> {
    const found: number[] = [];
    for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
      const [argv, folder] = await Promise.all([
        readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''),
        readlink(`/proc/${pid}/cwd`).catch(() => ''),
      ]);
      if (argv.includes(id) || folder.includes(id)) found.push(Number(pid));
    }
    return found;
  }

  async close(): Promise<void> {
    await this.terminate();
    await this.endInstances();
    await this.caddy.close();
    for (const connection of this.connections) await connection.close();
    await this.issuer.close();
    await Promise.all([this.nats.close(), this.database.close()]);
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  /** Apps outlive the service by design; not the spec. */
  private async endInstances(): Promise<void> {
    const { EngineHome } = await import('../engine/engine-home.js');
    const home = new EngineHome({ folder: join(this.folder, 'engine'), logBytesMax: MEBIBYTE });
    await home.endAll(0);
    home.close();
  }

  private async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const child = this.child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  }

  private async connect(app: 'gateway' | 'auth' | 'billing'): Promise<NatsConnection> {
    const connection = await NatsConnection.open(app, this.nats.settings(app));
    this.connections.push(connection);
    return connection;
  }

  private async publish<C extends EventContract>(
    app: 'auth' | 'billing',
    contract: C,
    tenantId: string,
    data: EventEnvelope['data'],
  ): Promise<void> {
    const id = randomUUID();
    await this.publishers.get(app)?.publish(contract.type, id, {
      specversion: '1.0',
      id,
      source: `capsule/${app}`,
      type: contract.type,
      time: new Date().toISOString(),
      datacontenttype: 'application/json',
      tenantid: tenantId,
      data,
    });
  }

  private environment(): NodeJS.ProcessEnv {
    const { host, port, name, user, password } = this.database.settings;
    const nats = this.nats.settings('deploy');
    // A worker runs one spec at a time; four of them have ports of their own.
    const worker = Number(process.env['JEST_WORKER_ID'] ?? 1);
    const firstPort = testPorts('deploy services, by worker')[0] + ((worker - 1) % 4) * 25;
    return {
      PATH: process.env['PATH'],
      NODE_ENV: 'test',
      LOG_FORMAT: 'json',
      DEPLOY_SERVICE_PORT: String(this.httpPort),
      DEPLOY_SERVICE_DB_HOST: host,
      DEPLOY_SERVICE_DB_PORT: String(port),
      DEPLOY_SERVICE_DB_NAME: name,
      DEPLOY_SERVICE_DB_USER: user,
      DEPLOY_SERVICE_DB_PASSWORD: password,
      NATS_URL: nats.url,
      DEPLOY_NATS_PASSWORD: nats.password,
      PAGINATION_CURSOR_KEY: 'signs the cursors of specs',
      OPERATOR_TOKEN: 'the-operator-token-of-specs',
      STORAGE_FOLDER: join(this.folder, 'storage'),
      APPS_EDGE_PORT: String(this.caddy.port),
      APPS_EDGE_ADMIN_SOCKET: this.caddy.adminSocket,
      DEPLOY_SERVICE_ENGINE_FOLDER: join(this.folder, 'engine'),
      DEPLOY_SERVICE_INSTANCE_PORT_MIN: String(firstPort),
      DEPLOY_SERVICE_INSTANCE_PORT_MAX: String(firstPort + 24),
      DEPLOY_SERVICE_HEALTH_TIMEOUT_SECONDS: '10',
      DEPLOY_SERVICE_DRAIN_SECONDS: '1',
      ...this.extra,
    };
  }
}
