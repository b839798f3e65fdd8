import { setTimeout as sleep } from 'node:timers/promises';
import { Logger, type OnApplicationShutdown } from '@nestjs/common';
import type { NatsSettings } from '@capsule/config';
import { connect, errors, type NatsConnection as Connection } from '@nats-io/transport-node';
import { inboxPrefixOf, type NatsUser } from './nats-configuration.js';
import { RequestInbox } from './request-inbox.js';

const FIRST_CONNECT_DEADLINE_MS = 30_000;
const RECONNECT_WAIT_MS = 250;
const PING_INTERVAL_MS = 20_000;

/**
 * The process's one connection to NATS, shared by the RPC server, the RPC client, the relay and the consumers.
 * Once it was up it is reconnected for as long as the process lives.
 */
export class NatsConnection implements OnApplicationShutdown {
  private readonly logger = new Logger(NatsConnection.name);
  private readonly reconnectListeners = new Set<() => void>();
  private inbox: RequestInbox | undefined;
  private up = true;
  private connectionCount = 1;

  private constructor(
    readonly nc: Connection,
    readonly user: NatsUser,
  ) {
    void this.watch();
  }

  /**
   * Waits up to 30 s for a server that is still starting.
   * @throws AuthorizationError at once when the credentials are refused, since waiting would not help.
   */
  static async open(user: NatsUser, settings: NatsSettings): Promise<NatsConnection> {
    const deadline = Date.now() + FIRST_CONNECT_DEADLINE_MS;
    for (;;) {
      try {
        return new NatsConnection(await connect(connectOptions(user, settings)), user);
      } catch (error) {
        if (error instanceof errors.AuthorizationError || Date.now() > deadline) throw error;
        await sleep(RECONNECT_WAIT_MS);
      }
    }
  }

  get inboxPrefix(): string {
    return inboxPrefixOf(this.user);
  }

  /** How often the server was connected to by now. */
  get connections(): number {
    return this.connectionCount;
  }

  /** For requests whose answer is waited for. */
  get requests(): RequestInbox {
    return (this.inbox ??= new RequestInbox(this));
  }

  /** False from the moment the server is lost until the connection is back. */
  get connected(): boolean {
    return this.up && !this.nc.isClosed();
  }

  /** Runs after every reconnect: whatever the server held for this connection (pull requests) is gone by then. */
  onReconnect(listener: () => void): () => void {
    this.reconnectListeners.add(listener);
    return () => this.reconnectListeners.delete(listener);
  }

  /** @throws when a round trip to the server is not possible within the time NATS allows a ping. */
  async isReady(): Promise<void> {
    if (!this.connected) throw new Error('not connected to NATS');
    await this.nc.flush();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.close();
  }

  /** Sends what is buffered, then closes. Who serves or consumes has stopped before (see RpcServer, DurableConsumer). */
  async close(): Promise<void> {
    if (this.nc.isClosed() || this.nc.isDraining()) return;
    if (this.connected) await this.nc.drain();
    else await this.nc.close();
  }

  private async watch(): Promise<void> {
    for await (const status of this.nc.status()) {
      if (status.type === 'disconnect') {
        this.up = false;
        this.logger.warn('lost the connection to NATS, reconnecting');
      } else if (status.type === 'reconnect') {
        this.up = true;
        this.connectionCount += 1;
        this.logger.log('reconnected to NATS');
        for (const listener of this.reconnectListeners) listener();
      } else if (status.type === 'error') {
        this.logger.error(`NATS reported: ${status.error.message}`);
      }
    }
  }
}

function connectOptions(user: NatsUser, settings: NatsSettings): Parameters<typeof connect>[0] {
  return {
    servers: settings.url,
    user,
    pass: settings.password,
    name: `capsule-${user}`,
    inboxPrefix: inboxPrefixOf(user),
    maxReconnectAttempts: -1,
    reconnectTimeWait: RECONNECT_WAIT_MS,
    reconnectJitter: RECONNECT_WAIT_MS,
    // A server that restarts with new credentials for a moment must not end the reconnecting for good.
    ignoreAuthErrorAbort: true,
    pingInterval: PING_INTERVAL_MS,
    // A stack trace captured per request costs more than the request's own parsing.
    noAsyncTraces: true,
  };
}
