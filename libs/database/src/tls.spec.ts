import { authEnvironment, loadEnvironment, migrationEnvironments } from '@capsule/config';
import { TestTlsPostgres } from '@capsule/testing';
import { DataSource } from 'typeorm';
import { CertificateAuthority } from './certificates.fixture.js';
import { DatabaseModule } from './database.module.js';
import { MigrationSession } from './migrations/migration-session.js';

// As an operator sets it: by variables, read by the schemas of the service and of its migrations.

describe('TLS to PostgreSQL', () => {
  let authority: CertificateAuthority;
  let stranger: CertificateAuthority;
  let server: TestTlsPostgres;
  beforeAll(async () => {
    [authority, stranger] = await Promise.all([CertificateAuthority.create(), CertificateAuthority.create()]);
    server = await TestTlsPostgres.start(await authority.issue('localhost'));
  });
  afterAll(async () => {
    await server?.close();
    await Promise.all([authority.remove(), stranger.remove()]);
  });

  const readTls = 'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()';
  type Variables = Record<string, string>;

  /** Where the private server is; `variables` say how to go there. */
  const environment = (variables: Variables): Variables => ({
    ...(process.env as Variables),
    AUTH_SERVICE_DB_HOST: 'localhost',
    AUTH_SERVICE_DB_PORT: String(server.port),
    AUTH_SERVICE_DB_NAME: 'postgres',
    AUTH_SERVICE_DB_USER: server.superuser.user,
    AUTH_SERVICE_DB_PASSWORD: server.superuser.password,
    AUTH_SERVICE_DB_OWNER_USER: server.superuser.user,
    AUTH_SERVICE_DB_OWNER_PASSWORD: server.superuser.password,
    ...variables,
  });

  /** Connects as the service does. @returns whether the server saw TLS */
  async function service(variables: Variables): Promise<boolean> {
    const { database } = loadEnvironment(
      { name: 'auth', variables: { database: authEnvironment.variables.database } },
      environment(variables),
    );
    const { providers } = DatabaseModule.forService(database, { entities: [] });
    const provider = providers?.find((each) => 'provide' in each && each.provide === DataSource);
    const dataSource = await (provider as { useFactory: () => Promise<DataSource> }).useFactory();
    const [row] = await dataSource.query<{ ssl: boolean }[]>(readTls);
    await dataSource.destroy();
    return row?.ssl ?? false;
  }

  /** Connects as migrations do. */
  async function migrations(variables: Variables): Promise<boolean> {
    const { owner } = loadEnvironment(migrationEnvironments.auth, environment(variables));
    const session = await MigrationSession.open(owner);
    const { rows } = await session.client.query<{ ssl: boolean }>(readTls);
    await session.close();
    return rows[0]?.ssl ?? false;
  }

  describe.each([
    ['the service', service],
    ['its migrations', migrations],
  ])('of %s', (_, connect) => {
    it('is verified in full: the authority and the host name', async () => {
      const variables = {
        DATABASE_SSLMODE: 'verify-full',
        DATABASE_SSLROOTCERT: authority.certificateFile,
      };
      expect(await connect(variables)).toBe(true);
    });

    it('can be asked for one service alone', async () => {
      const variables = {
        AUTH_SERVICE_DATABASE_SSLMODE: 'verify-full',
        AUTH_SERVICE_DATABASE_SSLROOTCERT: authority.certificateFile,
      };
      expect(await connect(variables)).toBe(true);
    });

    it('is refused when another authority has signed, naming the variable', async () => {
      for (const mode of ['verify-ca', 'verify-full']) {
        const variables = { DATABASE_SSLMODE: mode, DATABASE_SSLROOTCERT: stranger.certificateFile };
        await expect(connect(variables)).rejects.toThrow('DATABASE_SSLROOTCERT is not of its authority');
      }
    });

    it('is refused when nobody is named who could vouch for it', async () => {
      await expect(connect({ DATABASE_SSLMODE: 'verify-full' })).rejects.toThrow(
        'DATABASE_SSLROOTCERT is not set, so the public authorities hold',
      );
    });

    it('is refused under another host name, unless only the authority counts', async () => {
      const variables = {
        AUTH_SERVICE_DB_HOST: '127.0.0.1',
        DATABASE_SSLROOTCERT: authority.certificateFile,
      };
      await expect(connect({ ...variables, DATABASE_SSLMODE: 'verify-full' })).rejects.toThrow(
        'DATABASE_SSLMODE is verify-full, but the certificate of PostgreSQL is not for the host 127.0.0.1',
      );
      expect(await connect({ ...variables, DATABASE_SSLMODE: 'verify-ca' })).toBe(true);
    });

    it('can be had without looking at the certificate', async () => {
      expect(await connect({ DATABASE_SSLMODE: 'require' })).toBe(true);
    });

    it('is missed where the server demands it', async () => {
      await expect(connect({})).rejects.toThrow(
        'DATABASE_SSLMODE is disable, but PostgreSQL on localhost takes no connection without TLS',
      );
    });

    it('is never given up for a server that has none', async () => {
      const { AUTH_SERVICE_DB_HOST = '', AUTH_SERVICE_DB_PORT = '' } = process.env;
      const plain = { AUTH_SERVICE_DB_HOST, AUTH_SERVICE_DB_PORT, DATABASE_SSLMODE: 'require' };
      await expect(connect(plain)).rejects.toThrow(
        'DATABASE_SSLMODE is require, but PostgreSQL on 127.0.0.1 has TLS switched off',
      );
    });
  });
});
