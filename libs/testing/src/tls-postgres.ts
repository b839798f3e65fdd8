import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from './free-port.js';
import { makeServerFolder, runAsServer, ServerProcess, writeServerFile } from './server-process.js';

const binaries = process.env['CAPSULE_TEST_POSTGRES_BIN'] ?? '';

/** A private PostgreSQL on localhost that takes connections with TLS alone. */
export class TestTlsPostgres {
  private constructor(
    private readonly server: ServerProcess,
    private readonly folder: string,
    readonly port: number,
    readonly superuser: { user: string; password: string },
  ) {}

  /** Takes one to three seconds. @param identity certificate and key in PEM */
  static async start(identity: { certificate: string; key: string }): Promise<TestTlsPostgres> {
    const folder = await makeServerFolder('postgres');
    const data = join(folder, 'data');
    const file = (name: string) => join(folder, name);
    const superuser = { user: 'superuser', password: randomBytes(12).toString('hex') };
    await writeServerFile(file('password'), superuser.password);
    await writeServerFile(file('server.crt'), identity.certificate);
    await writeServerFile(file('server.key'), identity.key);
    await writeServerFile(file('pg_hba.conf'), 'hostssl all all localhost scram-sha-256\n');
    await runAsServer(join(binaries, 'initdb'), [
      `--pgdata=${data}`,
      `--username=${superuser.user}`,
      `--pwfile=${file('password')}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      '--no-sync',
    ]);
    const port = await freePort();
    const settings = {
      hba_file: file('pg_hba.conf'),
      listen_addresses: 'localhost',
      port,
      unix_socket_directories: '',
      fsync: 'off',
      ssl: 'on',
      ssl_cert_file: file('server.crt'),
      ssl_key_file: file('server.key'),
    };
    const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const server = await ServerProcess.start(
      join(binaries, 'postgres'),
      ['-D', data, ...options],
      'ready to accept connections',
    );
    return new TestTlsPostgres(server, folder, port, superuser);
  }

  async close(): Promise<void> {
    await this.server.stop('SIGINT');
    await rm(this.folder, { recursive: true });
  }
}
