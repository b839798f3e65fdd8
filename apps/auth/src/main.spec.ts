import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type EventEnvelope, organizationCreated, userSignUp } from '@capsule/contracts';
import { NatsConnection, RpcClient } from '@capsule/messaging';
import {
  createTestDatabase,
  eventually,
  freePort,
  serviceEnvironment,
  startTestNats,
  type TestDatabase,
  type TestNats,
} from '@capsule/testing';

const program = fileURLToPath(new URL('../dist/main.js', import.meta.url));

/** The service as it is run: a process of its own, from what was built. */
describe('the process of auth', () => {
  let database: TestDatabase;
  let nats: TestNats;
  let environment: Record<string, string>;
  const processes: ChildProcess[] = [];

  beforeAll(async () => {
    [database, nats] = await Promise.all([createTestDatabase('auth'), startTestNats()]);
    environment = {
      ...serviceEnvironment('auth', database, nats),
      AUTH_SERVICE_BCRYPT_COST: '4',
      AUTH_SERVICE_PORT: String(await freePort()),
    };
  });

  afterEach(async () => {
    await Promise.all(processes.splice(0).map((child) => kill(child, 'SIGKILL')));
  });

  afterAll(async () => {
    await nats?.close();
    await database?.close();
  });

  async function start(): Promise<ChildProcess> {
    const child = spawn(process.execPath, [program], {
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    processes.push(child);
    await eventually(async () => {
      const { status } = await fetch(`http://127.0.0.1:${environment['AUTH_SERVICE_PORT']}/health/ready`);
      expect(status).toBe(200);
    }, 15_000);
    return child;
  }

  async function signUp(): Promise<string> {
    const connection = await NatsConnection.open('gateway', nats.settings('gateway'));
    try {
      const { organization } = await new RpcClient(connection).call(userSignUp, {
        email: `${randomUUID()}@example.com`,
        password: 'correct horse battery',
        name: 'Ada',
        organizationName: 'Acme',
      });
      return organization.id;
    } finally {
      await connection.close();
    }
  }

  function rows(query: string): Promise<object[]> {
    return database.asSuperuser(async (client) => (await client.query(query)).rows as object[]);
  }

  async function published(): Promise<EventEnvelope[]> {
    const events = (await nats.messages(organizationCreated.stream)) as EventEnvelope[];
    return events.filter(({ type }) => type === organizationCreated.type);
  }

  it('publishes the event of a sign-up that was committed before a kill, once, when it is back', async () => {
    const child = await start();
    // Committed, answered and impossible to publish: as if the process died between commit and publish.
    await rows(`CREATE FUNCTION not_due() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN NEW.next_attempt_at := now() + interval '1 hour'; RETURN NEW; END $$`);
    await rows('CREATE TRIGGER not_due BEFORE INSERT ON outbox FOR EACH ROW EXECUTE FUNCTION not_due()');
    const organizationId = await signUp();
    await kill(child, 'SIGKILL');
    const [left] = await rows('SELECT published_at FROM outbox');
    expect(left).toEqual({ published_at: null });
    await rows('DROP TRIGGER not_due ON outbox');
    await rows('UPDATE outbox SET next_attempt_at = now()');

    await start();
    await eventually(async () => {
      expect((await published()).map(({ tenantid }) => tenantid)).toEqual([organizationId]);
    }, 10_000);
  });

  it('ends in order on SIGTERM', async () => {
    const child = await start();
    expect(await kill(child, 'SIGTERM')).toBe(0);
  });

  it('names every faulty variable, and no value, when it cannot start', async () => {
    const child = spawn(process.execPath, [program], {
      env: {
        ...process.env,
        ...environment,
        AUTH_SERVICE_PORT: 'seven',
        JWT_PRIVATE_KEY: 'not a key at all',
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let message = '';
    child.stderr?.on('data', (chunk: Buffer) => (message += chunk.toString()));
    const [code] = await once(child, 'close');
    expect(code).toBe(1);
    expect(message).toContain('AUTH_SERVICE_PORT');
    expect(message).toContain('JWT_PRIVATE_KEY');
    expect(message).not.toContain('not a key at all');
  });
});

async function kill(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const exited = once(child, 'exit');
  child.kill(signal);
  const [code] = await exited;
  return code as number | null;
}
