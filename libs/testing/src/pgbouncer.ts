import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { DatabaseSettings } from '@capsule/config';
import type { OwnerConnection } from '@capsule/database';
import type { TestDatabase } from './database.js';
import { freePort } from './free-port.js';
import { makeServerFolder, ServerProcess, writeServerFile } from './server-process.js';

const program = process.env['CAPSULE_TEST_PGBOUNCER'] || 'pgbouncer';

/** A private PgBouncer in transaction mode before one test database. */
export class TestPooler {
  private constructor(
    private readonly server: ServerProcess,
    private readonly folder: string,
    /** As the service connects, through the pooler. */
    readonly settings: DatabaseSettings,
    /** As migrations would connect through it, which they must not. */
    readonly owner: OwnerConnection,
  ) {}

  /**
   * @param options.poolSize connections to PostgreSQL, shared by any number of clients
   * @param options.queryWaitSeconds how long a client waits for one of them
   */
  static async start(
    { settings, owner }: TestDatabase,
    { poolSize, queryWaitSeconds = 120 }: { poolSize: number; queryWaitSeconds?: number },
  ): Promise<TestPooler> {
    const folder = await makeServerFolder('pgbouncer');
    const port = await freePort();
    const users = [settings, owner].map(({ user, password }) => `"${user}" "${password}"\n`);
    await writeServerFile(join(folder, 'users'), users.join(''));
    const configuration = join(folder, 'pgbouncer.ini');
    await writeServerFile(
      configuration,
      `[databases]
${settings.name} = host=${settings.host} port=${settings.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${join(folder, 'users')}
pool_mode = transaction
default_pool_size = ${poolSize}
query_wait_timeout = ${queryWaitSeconds}
`,
    );
    const server = await ServerProcess.start(program, [configuration], 'process up');
    const address = { host: '127.0.0.1', port };
    return new TestPooler(
      server,
      folder,
      { ...settings, ...address, pooler: 'transaction' },
      { ...owner, ...address },
    );
  }

  async close(): Promise<void> {
    await this.server.stop('SIGTERM');
    await rm(this.folder, { recursive: true });
  }
}
