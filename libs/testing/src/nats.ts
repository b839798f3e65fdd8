import { randomBytes } from 'node:crypto';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NatsSettings } from '@capsule/config';
import { provisionStreams, renderNatsConfiguration, type NatsUser } from '@capsule/messaging';
import { changeAckWait, countUnsettled, publishRaw, readStream } from './nats-stream.js';
import { NatsServerProcess } from './nats-server-process.js';

const CHOSEN_BY_THE_SERVER = -1;

/** A private nats-server with every user, stream and durable of the contracts, on a port and in a folder of its own. */
export class TestNats {
  private port = CHOSEN_BY_THE_SERVER;
  private server: NatsServerProcess | undefined;
  private readonly passwords = passwords();

  constructor(private readonly folder: string) {}

  settings(user: NatsUser): NatsSettings {
    return { url: `nats://127.0.0.1:${this.port}`, password: this.passwords[user] };
  }

  /** Brings the server up on the port it had before, with whatever its store holds. */
  async start(): Promise<void> {
    const configuration = renderNatsConfiguration({
      port: this.port,
      storeDir: this.storeDir,
      serverVersion: await NatsServerProcess.version(),
      users: this.passwords,
    });
    const file = join(this.folder, 'nats.conf');
    await writeFile(file, configuration, { mode: 0o600 });
    [this.server, this.port] = await NatsServerProcess.start(this.folder, file);
  }

  /** Takes the server away; clients see their connection break. */
  async stop(): Promise<void> {
    await this.server?.stop('SIGTERM');
  }

  /** Kills the server and starts it again with its store. */
  async restart(): Promise<void> {
    await this.server?.stop('SIGKILL');
    await this.start();
  }

  /** Kills the server, deletes everything it stored and starts it with new, empty streams. */
  async wipe(): Promise<void> {
    await this.lose();
    await this.provision();
  }

  /** As wipe, but nobody makes the streams anew. */
  async lose(): Promise<void> {
    await this.server?.stop('SIGKILL');
    await rm(this.storeDir, { recursive: true, force: true });
    await this.start();
  }

  /** A copy of the store as it is now, taken with the server stopped; the server is up again afterwards. */
  async backup(): Promise<string> {
    const copy = join(this.folder, `backup-${randomBytes(4).toString('hex')}`);
    await this.server?.stop('SIGTERM');
    await cp(this.storeDir, copy, { recursive: true });
    await this.start();
    return copy;
  }

  /** Puts a backup in the place of the store. */
  async restore(backup: string): Promise<void> {
    await this.server?.stop('SIGKILL');
    await rm(this.storeDir, { recursive: true, force: true });
    await cp(backup, this.storeDir, { recursive: true });
    await this.start();
  }

  /** Everything a stream holds, oldest first. */
  messages(stream: string): Promise<unknown[]> {
    return readStream(this.settings('admin'), stream);
  }

  /** Puts a message of one's own into a stream, as the user that may. */
  publish(user: NatsUser, subject: string, payload: string): Promise<void> {
    return publishRaw(user, this.settings(user), subject, payload);
  }

  /** How many messages of a stream a durable has not settled, delivered or not. */
  unsettled(stream: string, durable: string): Promise<number> {
    return countUnsettled(this.settings('admin'), stream, durable);
  }

  /** Has what a dead consumer did not settle delivered again sooner than the platform's ack_wait. */
  redeliverAfter(stream: string, durable: string, milliseconds: number): Promise<void> {
    return changeAckWait(this.settings('admin'), stream, durable, milliseconds);
  }

  async provision(): Promise<void> {
    await provisionStreams(this.settings('admin'));
  }

  async close(): Promise<void> {
    await this.server?.stop('SIGKILL');
    await rm(this.folder, { recursive: true, force: true });
  }

  private get storeDir(): string {
    return join(this.folder, 'store');
  }
}

/** Takes about 0.2 s. Close it in afterAll. */
export async function startTestNats(): Promise<TestNats> {
  const nats = new TestNats(await mkdtemp(join(tmpdir(), 'capsule-nats-')));
  await nats.start();
  await nats.provision();
  return nats;
}

function passwords(): Record<NatsUser, string> {
  const password = () => randomBytes(12).toString('hex');
  return {
    gateway: password(),
    auth: password(),
    billing: password(),
    deploy: password(),
    monitor: password(),
    admin: password(),
  };
}
