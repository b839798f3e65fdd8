import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { RedisSettings } from '@capsule/config';
import { freePort } from './free-port.js';

const program = process.env['CAPSULE_TEST_REDIS_SERVER'] ?? 'redis-server';

/** A private redis-server on a port of its own that keeps nothing, for specs that take it away. */
export class TestRedis {
  private child: ChildProcess | undefined;
  private readonly killAtExit = (): void => void this.child?.kill('SIGKILL');

  constructor(readonly settings: RedisSettings) {
    process.once('exit', this.killAtExit);
  }

  /** Brings the server up, empty, on the port it had before. */
  async start(): Promise<void> {
    // The configuration comes by stdin: a password in the arguments could be read by every user of the machine.
    const child = spawn(program, ['-'], { stdio: ['pipe', 'pipe', 'ignore'] });
    this.child = child;
    const { port, password } = this.settings;
    child.stdin.end(`bind 127.0.0.1\nport ${port}\nrequirepass ${password}\nsave ""\nappendonly no\n`);
    const log: string[] = [];
    for await (const line of createInterface(child.stdout)) {
      log.push(line);
      if (line.includes('Ready to accept connections')) {
        child.stdout.resume();
        return;
      }
    }
    throw new Error(`redis-server did not start: ${log.join('\n')}`);
  }

  /** Takes the server away; clients see their connection break. */
  async stop(): Promise<void> {
    await this.end('SIGTERM');
  }

  /** The server is there but answers nothing, as under a stuck disk. */
  freeze(): void {
    this.child?.kill('SIGSTOP');
  }

  thaw(): void {
    this.child?.kill('SIGCONT');
  }

  async close(): Promise<void> {
    process.off('exit', this.killAtExit);
    await this.end('SIGKILL');
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const { child } = this;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  }
}

/** Takes about 0.1 s. Close it in afterAll. */
export async function startTestRedis(): Promise<TestRedis> {
  const password = randomBytes(12).toString('hex');
  const redis = new TestRedis({ host: '127.0.0.1', port: await freePort(), password, db: 0 });
  await redis.start();
  return redis;
}

/**
 * The suite's server with a key prefix of one's own, or a private one when the suite has none. Take `startTestRedis` to stop
 * or fill the server: this one is shared.
 */
export async function testRedis(): Promise<{
  settings: RedisSettings;
  keyPrefix: string;
  close: () => Promise<void>;
}> {
  const keyPrefix = `test-${randomBytes(6).toString('hex')}:`;
  const { REDIS_HOST: host, REDIS_PORT: port, REDIS_PASSWORD: password } = process.env;
  if (host && port && password) {
    return {
      settings: { host, port: Number(port), password, db: 0 },
      keyPrefix,
      close: async () => undefined,
    };
  }
  const redis = await startTestRedis();
  return { settings: redis.settings, keyPrefix, close: () => redis.close() };
}
