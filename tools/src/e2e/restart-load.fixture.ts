import { randomUUID } from 'node:crypto';
import { Agent, request } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Answer {
  status: number;
  body: string;
}

interface Call {
  method: 'GET' | 'POST';
  path: string;
  body?: object;
}

/** A request and how it must be answered. */
export interface Traffic {
  call: Call;
  status: number;
}

/**
 * Clients that send one request after the other, each over a connection of its own that is kept for as long as the
 * gateway keeps it. They do what a proxy does and no more: a connection that was never taken is tried again. Whatever
 * else goes wrong is a lost request.
 */
export class RestartLoad {
  readonly lost: string[] = [];
  answered = 0;
  /** Connections that were refused, or closed unread: the server had stopped listening. */
  refused = 0;
  /** Ids of what the POSTs made. */
  readonly made: string[] = [];
  private ended = false;
  private running: Promise<void>[] = [];

  constructor(
    private readonly gatewayUrl: string,
    private readonly accessToken: string,
  ) {}

  start(clients: number, traffic: (client: number, round: number) => Traffic): void {
    this.running = Array.from({ length: clients }, (_, client) => this.client(client, traffic));
  }

  /** Resolves when each client has sent this many requests more. */
  async settle(requests: number): Promise<void> {
    const wanted = this.answered + this.lost.length + requests * this.running.length;
    while (this.answered + this.lost.length < wanted) await sleep(20);
  }

  async end(): Promise<void> {
    this.ended = true;
    await Promise.all(this.running);
  }

  private async client(client: number, traffic: (client: number, round: number) => Traffic): Promise<void> {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let round = 0; !this.ended; round += 1) {
      const { call, status } = traffic(client, round);
      const key = call.method === 'POST' ? randomUUID() : undefined;
      const what = `${call.method} ${call.path}`;
      try {
        const answer = await this.sendUntilTaken(agent, call, key);
        if (answer.status === status) this.answered += 1;
        else this.lost.push(`${what}: ${answer.status} ${answer.body}`);
        if (answer.status === 201) this.made.push((JSON.parse(answer.body) as { id: string }).id);
      } catch (error) {
        this.lost.push(`${what}: ${String(error)}`);
      }
    }
    agent.destroy();
  }

  private async sendUntilTaken(agent: Agent, call: Call, key: string | undefined): Promise<Answer> {
    for (;;) {
      const answer = await this.send(agent, call, key);
      if (answer !== 'not taken') return answer;
      this.refused += 1;
      await sleep(20);
    }
  }

  private send(agent: Agent, { method, path, body }: Call, key?: string): Promise<Answer | 'not taken'> {
    return new Promise((resolve, reject) => {
      const headers = {
        authorization: `Bearer ${this.accessToken}`,
        ...(body && { 'content-type': 'application/json' }),
        ...(key && { 'idempotency-key': key }),
      };
      const call = request(this.gatewayUrl + path, { method, agent, headers }, (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }));
        response.on('error', reject);
      });
      let socket: Socket | undefined;
      call.on('socket', (used) => (socket = used));
      call.on('error', (error) => {
        // One that carried an answer before was taken, and so is one that carried part of this one.
        if (!call.reusedSocket && (socket?.bytesRead ?? 0) === 0) resolve('not taken');
        else reject(error);
      });
      call.end(body && JSON.stringify(body));
    });
  }
}
