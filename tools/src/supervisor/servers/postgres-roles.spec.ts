import { join } from 'node:path';
import pg from 'pg';
import { workspace } from '../../../bootstrap/workspace.mjs';
import { chooseHome, openHome } from '../home.js';
import { type ClusterSettings, readPlatformSettings } from '../platform-settings.js';
import { provisionRoles } from './postgres-roles.js';

const AUTHENTICATION_FAILED = '28P01';

describe('the roles of a cluster', () => {
  const home = openHome(join(chooseHome(workspace, process.env['CAPSULE_HOME']), 'test'));
  const real = readPlatformSettings(process.env, home.path).clusters.billing;
  // Beside the database that the other specs use; the claimer is the service's.
  const cluster: ClusterSettings = {
    ...real,
    database: 'older_service_db',
    owner: { user: 'older_owner', password: 'owner password' },
    app: { user: 'older_user', password: 'app password' },
    backup: { user: 'older_backup', password: 'backup password' },
  };
  const superuser = new pg.Client({
    host: real.host,
    port: real.port,
    database: 'postgres',
    user: process.env['CAPSULE_TEST_POSTGRES_SUPERUSER'],
    password: process.env['CAPSULE_TEST_BILLING_POSTGRES_SUPERUSER_PASSWORD'],
  });
  beforeAll(async () => {
    await superuser.connect();
    await provisionRoles(home, 'billing', cluster);
  });
  afterAll(async () => {
    await superuser.query('DROP DATABASE IF EXISTS older_service_db WITH (FORCE)');
    for (const role of ['backup', 'user', 'owner'])
      await superuser.query(`DROP ROLE IF EXISTS older_${role}`);
    await superuser.end();
  });

  const read = async ({ user, password }: { user: string; password: string }, table: string) => {
    const client = new pg.Client({
      host: real.host,
      port: real.port,
      database: cluster.database,
      user,
      password,
    });
    await client.connect();
    try {
      return (await client.query(`SELECT * FROM ${table}`)).rows;
    } finally {
      await client.end();
    }
  };

  it('are completed at the next start where an earlier release made them, over the data that is there', async () => {
    const owner = new pg.Client({ ...real, database: cluster.database, ...cluster.owner, ssl: false });
    await owner.connect();
    await owner.query('CREATE TABLE kept (title text)');
    await owner.query("INSERT INTO kept VALUES ('of an earlier release')");
    await owner.end();
    await superuser.query('REVOKE ALL ON DATABASE older_service_db FROM older_backup');
    await superuser.query('DROP ROLE older_backup');
    await expect(read(cluster.backup, 'kept')).rejects.toMatchObject({ code: AUTHENTICATION_FAILED });
    await provisionRoles(home, 'billing', cluster);
    expect(await read(cluster.backup, 'kept')).toEqual([{ title: 'of an earlier release' }]);
  });

  it('lose at the next start what somebody gave them by hand', async () => {
    const attributes = async () => {
      const { rows } = await superuser.query(
        `SELECT rolname, rolbypassrls, rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication AS more
         FROM pg_roles WHERE rolname LIKE 'older\\_%' ORDER BY 1`,
      );
      return rows as unknown[];
    };
    const before = await attributes();
    for (const role of ['owner', 'user', 'backup']) {
      await superuser.query(`ALTER ROLE older_${role} SUPERUSER BYPASSRLS CREATEROLE CREATEDB REPLICATION`);
    }
    expect(await attributes()).not.toEqual(before);
    await provisionRoles(home, 'billing', cluster);
    expect(await attributes()).toEqual(before);
  });

  it('cannot make large objects in a database of an earlier release after the next start', async () => {
    const inDatabase = new pg.Client({
      host: real.host,
      port: real.port,
      database: cluster.database,
      user: process.env['CAPSULE_TEST_POSTGRES_SUPERUSER'],
      password: process.env['CAPSULE_TEST_BILLING_POSTGRES_SUPERUSER_PASSWORD'],
    });
    await inDatabase.connect();
    try {
      await inDatabase.query('GRANT EXECUTE ON FUNCTION lo_create(oid) TO PUBLIC');
      await provisionRoles(home, 'billing', cluster);
      await inDatabase.query('SET ROLE older_user');
      await expect(inDatabase.query('SELECT lo_create(0)')).rejects.toThrow('permission denied');
    } finally {
      await inDatabase.end();
    }
  });

  it('have the passwords that the environment says now', async () => {
    const changed = { user: 'older_backup', password: 'another password' };
    await provisionRoles(home, 'billing', { ...cluster, backup: changed });
    expect(await read(changed, 'pg_roles')).not.toEqual([]);
    await expect(read(cluster.backup, 'pg_roles')).rejects.toMatchObject({ code: AUTHENTICATION_FAILED });
  });
});
