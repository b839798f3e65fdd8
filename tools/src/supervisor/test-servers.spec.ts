import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { serviceNames } from '@capsule/contracts';
import type { Home } from './home.js';
import { logPathOf, tailOf } from './log-file.js';
import type { ProcessDefinition } from './managed-process.js';
import { livingRecords, recordStarted } from './process-record.js';
import { edgeEntrance, edgeRouter } from './servers/caddy.js';
import { converse } from './servers/line-protocol.js';
import { natsServer } from './servers/nats.js';
import { postgresServer } from './servers/postgres.js';
import { redisServer } from './servers/redis.js';
import {
  clientOf,
  eventually,
  listStreams,
  pingRedis,
  readCommandLine,
  superuserOf,
  Copy,
  type Variables,
} from './supervised-copy.fixture.js';
import { testSettings } from './test-environment.js';

/** Four clusters, the bus, the cache and the edge's two processes. */
const serverCount = 8;
/** All but the second process of the edge. */
const listeningCount = 7;

describe('the private servers', () => {
  const copy = new Copy('test-servers.spec');
  let variables: Variables;

  beforeAll(async () => {
    variables = await copy.start();
  }, 60_000);

  afterAll(async () => {
    await copy.stop();
    expect(livingRecords(copy.home.run)).toEqual([]);
    copy.remove();
  });

  it('keep what makes a commit durable switched on', async () => {
    const client = await superuserOf(variables, 'AUTH');
    const { rows } = await client.query(
      "SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit')",
    );
    await client.end();
    expect(rows).toHaveLength(3);
    expect(rows.every((row) => row.setting === 'on')).toBe(true);
  });

  it('count the statements of many tenants, and none that carries a password', async () => {
    const client = await superuserOf(variables, 'MONITOR');
    const { rows } = await client.query(
      "SELECT name, setting FROM pg_settings WHERE name LIKE 'pg\\_stat\\_statements.%' ORDER BY name",
    );
    await client.end();
    // Not every package of PostgreSQL brings it along.
    if (rows.length === 0) return;
    expect(rows).toContainEqual({ name: 'pg_stat_statements.max', setting: '5000' });
    expect(rows).toContainEqual({ name: 'pg_stat_statements.track_utility', setting: 'off' });
  });

  it.each(['AUTH', 'BILLING', 'DEPLOY', 'MONITOR'])(
    'keep and take the passwords of %s by SCRAM alone',
    async (service) => {
      const client = await superuserOf(variables, service);
      const asked = await client.query('SELECT DISTINCT auth_method FROM pg_hba_file_rules');
      const kept = await client.query(
        "SELECT DISTINCT split_part(rolpassword, '$', 1) AS kind FROM pg_authid WHERE rolcanlogin",
      );
      await client.end();
      expect(asked.rows).toEqual([{ auth_method: 'scram-sha-256' }]);
      expect(kept.rows).toEqual([{ kind: 'SCRAM-SHA-256' }]);
    },
  );

  // All of 127.0.0.0/8 is this machine on Linux, so what listens on every address answers on another one of it.
  (process.platform === 'linux' ? it : it.skip)('listen on 127.0.0.1 and on no other address', async () => {
    const ports = Object.entries(variables)
      .filter(([name]) => /(DB|REDIS|EDGE)_PORT$/.test(name))
      .map(([, port]) => Number(port));
    ports.push(Number(new URL(variables['NATS_URL'] as string).port));
    expect(ports).toHaveLength(listeningCount);
    for (const port of ports) {
      await expect(connectTo('127.0.0.1', port)).resolves.toBeUndefined();
      await expect(connectTo('127.0.0.2', port)).rejects.toThrow('ECONNREFUSED');
    }
  });

  it.each(['AUTH', 'BILLING', 'DEPLOY', 'MONITOR'])(
    'refuse a wrong password on the database of %s',
    async (service) => {
      const client = clientOf(variables, service, 'USER', 'PASSWORD', 'not-the-password');
      await expect(client.connect()).rejects.toThrow('password authentication failed');
    },
  );

  it('keep a service out of every database but its own', async () => {
    const client = clientOf(variables, 'AUTH', 'USER', 'PASSWORD', undefined, 'postgres');
    await expect(client.connect()).rejects.toThrow('permission denied for database');
  });

  it('give a service no right to create anything', async () => {
    const client = clientOf(variables, 'AUTH', 'USER', 'PASSWORD');
    await client.connect();
    await expect(client.query('CREATE TABLE t (a int)')).rejects.toThrow(
      'permission denied for schema public',
    );
    await expect(client.query('CREATE TEMP TABLE t (a int)')).rejects.toThrow('permission denied');
    await client.end();
  });

  it('refuse a wrong password on Redis and no password at all', async () => {
    const port = Number(variables['REDIS_PORT']);
    await converse({ port }, 'AUTH not-the-password\r\n', (text) => text.startsWith('-WRONGPASS'));
    await converse({ port }, 'PING\r\n', (text) => text.startsWith('-NOAUTH'));
  });

  it.each([
    ['appendonly', 'yes'],
    ['maxmemory', String(64 * 1024 * 1024)],
    ['maxmemory-policy', 'volatile-ttl'],
  ])('run Redis with %s %s', async (setting, value) => {
    const address = { port: Number(variables['REDIS_PORT']) };
    const message = `AUTH ${variables['REDIS_PASSWORD']}\r\nCONFIG GET ${setting}\r\n`;
    const answer = `\r\n$${setting.length}\r\n${setting}\r\n$${value.length}\r\n${value}\r\n`;
    await converse(address, message, (text) => {
      const whole = text.split('\r\n').length > 6;
      if (whole && !text.endsWith(answer)) throw new Error(text);
      return whole;
    });
  });

  it('refuse a wrong password on NATS and no password at all', async () => {
    const port = Number(new URL(variables['NATS_URL'] as string).port);
    const refused = (text: string) => text.includes("-ERR 'Authorization Violation'");
    await converse({ port }, 'CONNECT {"user":"auth","pass":"not-the-password"}\r\nPING\r\n', refused);
    await converse({ port }, 'CONNECT {}\r\nPING\r\n', refused);
  });

  it('show no password in any command line', () => {
    const secrets = Object.entries(variables).filter(([name]) => name.includes('PASSWORD'));
    const commandLines = livingRecords(copy.home.run).map((record) => readCommandLine(record.pid));
    expect(commandLines).toHaveLength(serverCount);
    for (const [name, secret] of secrets) {
      expect({ name, shown: commandLines.some((line) => line.includes(secret)) }).toEqual({
        name,
        shown: false,
      });
    }
  });

  it.each(['postgres-billing', 'redis', 'caddy', 'caddy-router'])(
    'come back when %s is killed, and say so with the end of its log',
    async (name) => {
      const killed = copy.record(name);
      const lastWords = tailOf(logPathOf(copy.home.logs, name), 1);
      expect(lastWords).not.toBe('');
      process.kill(killed.pid, 'SIGKILL');
      await eventually(() => expect(copy.record(name).pid).not.toBe(killed.pid));
      const [, told] = await eventually(() => {
        const parts = copy.messages.split(`${name} was killed by SIGKILL\n`);
        expect(parts).toHaveLength(2);
        return parts;
      });
      expect(told).toContain(lastWords);
      await eventually(async () => {
        if (name === 'redis') await pingRedis(variables);
        else if (name.startsWith('caddy')) await fetch(`http://127.0.0.1:${variables['APPS_EDGE_PORT']}/`);
        else await (await superuserOf(variables, 'BILLING')).end();
      });
    },
  );

  it('have their streams again when NATS lost its store while it was down', async () => {
    const killed = copy.record('nats');
    process.kill(killed.pid, 'SIGKILL');
    rmSync(join(copy.home.path, 'servers/nats/jetstream'), { recursive: true });
    await eventually(() => listStreams(variables));
    expect(copy.record('nats').pid).not.toBe(killed.pid);
  });

  it('are replaced by the next start after a kill -9 of their supervisor, with their data', async () => {
    const before = await superuserOf(variables, 'AUTH');
    await before.query('CREATE TABLE survivors AS SELECT 42 AS answer');
    await before.end();
    const left = livingRecords(copy.home.run);
    expect(left).toHaveLength(serverCount);
    await copy.killSupervisor();
    expect(livingRecords(copy.home.run)).toEqual(left);

    variables = await copy.start();

    const pids = livingRecords(copy.home.run).map((record) => record.pid);
    for (const record of left) expect(pids).not.toContain(record.pid);
    const after = await superuserOf(variables, 'AUTH');
    const { rows } = await after.query('SELECT answer FROM survivors');
    await after.end();
    expect(rows).toEqual([{ answer: 42 }]);
  }, 60_000);

  it('run beside another copy on other ports, each with its own data', async () => {
    const other = new Copy('test-servers.spec, another copy');
    const theirs = await other.start();
    const client = await superuserOf(theirs, 'AUTH');
    const { rows } = await client.query("SELECT to_regclass('survivors') AS found");
    await client.end();
    expect(rows).toEqual([{ found: null }]);
    await pingRedis(variables);
    await pingRedis(theirs);
    await other.stop();
    await pingRedis(variables);
    other.remove();
  }, 60_000);
});

describe('the start of the servers', () => {
  it('begins with all of them at once: none waits for another', async () => {
    const copy = new Copy('test-servers.spec');
    const { home, firstPort } = copy;
    const settings = testSettings(home, firstPort);
    const definitions = [
      ...serviceNames.map((service) => postgresServer(home, service, settings.clusters[service])),
      natsServer(home, settings.nats),
      redisServer(home, settings.redis),
      edgeRouter(home),
      edgeEntrance(home, settings.edge),
    ];
    expect(definitions).toHaveLength(serverCount);
    // Each start first ends what was left of its server; these note that they were told to, and take their time.
    const notes = join(home.path, 'notes');
    const left = await Promise.all(definitions.map((definition) => leaveBehind(home, definition, notes)));
    // So that nothing more is made when they have ended.
    const strangers = definitions.flatMap(({ listens }) =>
      listens ? [createServer().listen(listens.port, '127.0.0.1')] : [],
    );
    try {
      const starting = expect(copy.start()).rejects.toThrow('another program is listening there');
      await eventually(() => {
        expect(readdirSync(notes)).toHaveLength(serverCount);
        expect(left.every((child) => child.exitCode === null && child.signalCode === null)).toBe(true);
      }, 9_000);
      for (const child of left) child.kill('SIGKILL');
      await starting;
      await copy.stop();
    } finally {
      for (const child of left) child.kill('SIGKILL');
      for (const stranger of strangers) stranger.close();
      copy.remove();
    }
  }, 60_000);

  /** A process that passes for the definition's of an earlier supervisor, and does not end when it is told to. */
  async function leaveBehind(
    home: Home,
    definition: ProcessDefinition,
    notes: string,
  ): Promise<ChildProcess> {
    mkdirSync(notes, { recursive: true });
    const { name, marker, stopSignal } = definition;
    const program = `
      process.on('${stopSignal}', () => require('fs').writeFileSync('${join(notes, name)}', ''));
      setInterval(() => {}, 1_000);
      console.log('waits');`;
    const child = spawn(process.execPath, ['-e', program, marker], { stdio: ['ignore', 'pipe', 'ignore'] });
    await once(child.stdout, 'data');
    recordStarted(home.run, child.pid, definition);
    return child;
  }
});

describe('a port that is taken', () => {
  it('fails the start with its number and its variable, leaves the stranger alone and nothing running', async () => {
    const copy = new Copy('test-servers.spec');
    const port = copy.firstPort + 4;
    const stranger = createServer((socket) => socket.end('still here'));
    stranger.listen(port, '127.0.0.1');

    try {
      await expect(copy.start()).rejects.toThrow(
        `redis needs port ${port}, but another program is listening there. ` +
          'Stop that program, or move the port by CAPSULE_TEST_FIRST_PORT.',
      );
      await copy.stop();
      expect(readdirSync(copy.home.run)).toEqual([]);
      await converse({ port }, '', (text) => text === 'still here');
    } finally {
      stranger.close();
      copy.remove();
    }
  }, 60_000);
});

async function connectTo(host: string, port: number): Promise<void> {
  const socket = connect({ host, port });
  await once(socket, 'connect');
  socket.destroy();
}
