import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { eventually, freePort } from '@capsule/testing';
import pg from 'pg';
import { MemberEvents } from '../user/member-events.fixture.js';
import { schemaOf, TenantsFixture } from './tenants.fixture.js';

const program = fileURLToPath(new URL('../../dist/command.js', import.meta.url));

const OPERATOR_TOKEN = 'the-operator-token-of-this-spec';

/** The provisioner as it is run: a process of its own, from what was built. */
describe('the process that makes the schemas of tenants', () => {
  let tenants: TenantsFixture;
  let events: MemberEvents;
  let blocker: pg.Client;
  let port: number;
  const processes: ChildProcess[] = [];

  beforeAll(async () => {
    [tenants, port] = await Promise.all([TenantsFixture.create(), freePort()]);
    events = new MemberEvents(tenants.database);
    // Every DDL statement of a tenant's schema stops at the gate of its tag while a spec holds that.
    await tenants.rows(`
      CREATE FUNCTION public.gate() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
      BEGIN PERFORM pg_advisory_xact_lock_shared(hashtext(tg_tag)); END $$`);
    await tenants.rows('GRANT EXECUTE ON FUNCTION public.gate() TO PUBLIC');
    await tenants.rows('CREATE EVENT TRIGGER gate ON ddl_command_end EXECUTE FUNCTION public.gate()');
    blocker = await tenants.test.connectAsSuperuser();
  });
  afterEach(async () => {
    await blocker.query('SELECT pg_advisory_unlock_all()');
    await Promise.all(processes.splice(0).map((child) => end(child, 'SIGKILL')));
  });
  afterAll(async () => {
    await blocker?.end();
    await tenants?.close();
  });

  async function start(): Promise<ChildProcess> {
    const child = spawn(process.execPath, [program, 'provision'], {
      env: {
        ...process.env,
        ...tenants.test.environment,
        MONITOR_PROVISIONER_PORT: String(port),
        OPERATOR_TOKEN,
        LOG_LEVEL: 'error',
      },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    processes.push(child);
    await eventually(async () => {
      expect((await fetch(`http://127.0.0.1:${port}/health/ready`)).status).toBe(200);
    }, 15_000);
    return child;
  }

  const isActive = (id: string) =>
    eventually(async () => expect(await tenants.row(id)).toMatchObject({ state: 'active' }), 15_000);

  /** Waits until a backend of the provisioner stands before a lock. */
  const isHeldUp = () =>
    eventually(async () => {
      const waiting = await tenants.rows(
        `SELECT FROM pg_stat_activity
         WHERE datname = current_database() AND application_name = 'capsule-migrate' AND wait_event_type = 'Lock'`,
      );
      expect(waiting).toHaveLength(1);
    }, 15_000);

  const hold = (tag: string) => blocker.query('SELECT pg_advisory_lock(hashtext($1))', [tag]);

  it.each([
    ['makes the schema', 'CREATE SCHEMA'],
    ['makes the history in it', 'CREATE TABLE'],
    ['is in the middle of its migration', 'CREATE POLICY'],
    ['grants what it made', 'GRANT'],
  ])('killed while it %s, is followed by one that finishes', async (_, tag) => {
    const first = await start();
    await hold(tag);
    const id = await tenants.register();
    await isHeldUp();
    await end(first, 'SIGKILL');
    expect(await tenants.row(id)).toMatchObject({ state: 'provisioning' });
    await blocker.query('SELECT pg_advisory_unlock_all()');

    await start();
    await isActive(id);
    expect(await tenants.rows(`SELECT FROM ${schemaOf(id)}.flyway_schema_history`)).toHaveLength(1);
  });

  it.each([
    ['only the state is missing', "UPDATE OF state ON tenants FOR EACH ROW WHEN (NEW.state = 'active')"],
    ['it moves the members who waited', 'DELETE ON waiting_members FOR EACH ROW'],
  ])('killed when %s, is followed by one that sets it, and nobody who waited is lost', async (_, when) => {
    await blocker.query(`
      CREATE OR REPLACE FUNCTION public.hold() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
      BEGIN PERFORM pg_advisory_xact_lock_shared(hashtext('hold')); RETURN coalesce(NEW, OLD); END $$`);
    await blocker.query(`CREATE TRIGGER hold BEFORE ${when} EXECUTE FUNCTION public.hold()`);
    await hold('hold');
    const id = await tenants.register();
    const members = [await events.add(id), await events.add(id)];
    const users = `SELECT id FROM ${schemaOf(id)}.users`;

    const first = await start();
    await isHeldUp();
    await end(first, 'SIGKILL');
    expect(await tenants.row(id)).toMatchObject({ state: 'provisioning', schema_version: '1.0.0' });
    expect(await tenants.rows(users)).toEqual([]);
    members.push(await events.add(id));
    await blocker.query('SELECT pg_advisory_unlock_all()');

    await start();
    await isActive(id);
    const moved = await tenants.rows<{ id: string }>(users);
    expect(moved.map((user) => user.id).sort()).toEqual(members.sort());
    expect(await tenants.rows('SELECT FROM waiting_members')).toEqual([]);
    await blocker.query(`DROP FUNCTION public.hold CASCADE`);
  });

  it('answers operators for its metrics, ends in order on SIGTERM, and names every faulty variable when it cannot start', async () => {
    const child = await start();
    const ask = (authorization: string) =>
      fetch(`http://127.0.0.1:${port}/metrics`, { headers: { authorization } });
    const metrics = await (await ask(`Bearer ${OPERATOR_TOKEN}`)).text();
    expect(metrics).toContain('capsule_provisioner_tenants_total');
    for (const authorization of ['', 'Bearer ', `Bearer ${OPERATOR_TOKEN.slice(1)}`]) {
      const refused = await ask(authorization);
      expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
      expect(await refused.json()).toMatchObject({
        status: 401,
        code: expect.stringMatching(/^platform\.operator\./),
      });
    }
    expect(await end(child, 'SIGTERM')).toBe(0);

    const faulty = spawn(process.execPath, [program, 'provision'], {
      env: { ...process.env, MONITOR_PROVISIONER_PORT: 'seven' },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let message = '';
    faulty.stderr?.on('data', (chunk: Buffer) => (message += chunk.toString()));
    expect((await once(faulty, 'close'))[0]).toBe(2);
    expect(message).toContain('MONITOR_PROVISIONER_PORT');
  });
});

async function end(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const exited = once(child, 'exit');
  child.kill(signal);
  const [code] = await exited;
  return code as number | null;
}
