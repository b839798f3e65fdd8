import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent, get } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '@capsule/testing';

const workspace = process.cwd();
const compiler = join(workspace, 'node_modules/typescript7/bin/tsc');
const fixture = join(workspace, 'libs/health/src/fixtures/slow-service.mjs');

// The service runs as a process of its own, as compiled code.
beforeAll(() => void execFileSync(process.execPath, [compiler, '-b', 'libs/health'], { cwd: workspace }));

const OPERATOR_TOKEN = 'the-operator-token-of-this-spec';
const operator = { authorization: `Bearer ${OPERATOR_TOKEN}` };

interface Service {
  child: ChildProcess;
  url: string;
  output: () => string;
  exited: Promise<number | null>;
}

const services: Service[] = [];
afterEach(async () => {
  for (const { child, exited } of services.splice(0)) {
    child.kill('SIGKILL');
    await exited;
  }
});

function run(port: number, drainDelayMs: number, graceSeconds = 15, ...flags: string[]): Service {
  const numbers = [port, drainDelayMs, graceSeconds].map(String);
  const child = spawn(process.execPath, [fixture, ...numbers, ...flags], {
    cwd: workspace,
    env: { ...process.env, OPERATOR_TOKEN },
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const exited = once(child, 'exit').then(([code]) => code as number | null);
  const service = { child, url: `http://127.0.0.1:${port}`, output: () => output, exited };
  services.push(service);
  return service;
}

interface Answer {
  status: number;
  body: string;
}

function request(url: string, options: { agent?: Agent; headers?: typeof operator } = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    get(url, options, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => (body += chunk.toString()));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
      response.on('error', reject);
    }).on('error', reject);
  });
}

async function untilReady({ url, output }: Service): Promise<void> {
  for (const deadline = Date.now() + 15_000; Date.now() < deadline; await sleep(20)) {
    const answer = await request(`${url}/health/ready`).catch(() => undefined);
    if (answer?.status === 200) return;
  }
  throw new Error(`not ready: ${output()}`);
}

/**
 * Clients behind a balancer: each sends one request after the other over its own kept-alive connection, for as long as the
 * balancer, who probes readiness, has not taken the service out.
 */
class Load {
  takenOut = false;
  answered = 0;
  readonly failures: string[] = [];
  private readonly agent = new Agent({ keepAlive: true });

  constructor(private readonly url: string) {}

  async probe(): Promise<void> {
    while (!this.takenOut) {
      const { status } = await request(`${this.url}/health/ready`).catch(() => ({ status: 0 }));
      if (status !== 200) this.takenOut = true;
      await sleep(10);
    }
  }

  async client(): Promise<void> {
    while (!this.takenOut) {
      try {
        const { status, body } = await request(`${this.url}/work?ms=${Math.floor(Math.random() * 60)}`, {
          agent: this.agent,
        });
        if (status === 200 && body === '{"done":true}') this.answered += 1;
        else this.failures.push(`${status} ${body}`);
      } catch (error) {
        this.failures.push(String(error));
      }
    }
  }

  close(): void {
    this.agent.destroy();
  }
}

describe('A process that gets SIGTERM', () => {
  it('fails readiness first and loses no request under load', async () => {
    const service = run(await freePort(), 300);
    await untilReady(service);
    const load = new Load(service.url);
    const longest = request(`${service.url}/work?ms=1200`);
    const running = [load.probe(), ...Array.from({ length: 40 }, () => load.client())];
    await sleep(600);
    const answeredBefore = load.answered;
    service.child.kill('SIGTERM');
    await Promise.all(running);
    expect(load.takenOut).toBe(true);
    expect(service.child.exitCode).toBeNull();
    expect(await longest).toEqual({ status: 200, body: '{"done":true}' });
    expect(await service.exited).toBe(0);
    load.close();
    expect(load.failures).toEqual([]);
    expect(answeredBefore).toBeGreaterThan(100);
    expect(load.answered).toBeGreaterThan(answeredBefore);
    await expect(request(`${service.url}/health/live`)).rejects.toThrow('ECONNREFUSED');
  });

  it('goes on answering everything but readiness while it waits to be taken out', async () => {
    const service = run(await freePort(), 600);
    await untilReady(service);
    service.child.kill('SIGTERM');
    await sleep(100);
    const ready = await request(`${service.url}/health/ready`, { headers: operator });
    expect(ready.status).toBe(503);
    expect(JSON.parse(ready.body)).toMatchObject({
      error: { process: { status: 'down', phase: 'draining' } },
    });
    expect((await request(`${service.url}/health/live`)).status).toBe(200);
    expect((await request(`${service.url}/work?ms=1`)).status).toBe(200);
    service.child.kill('SIGTERM');
    service.child.kill('SIGINT');
    expect(await service.exited).toBe(0);
  });
});

describe('A process that serves', () => {
  it('counts and times what it has answered, by route', async () => {
    const service = run(await freePort(), 0);
    await untilReady(service);
    await request(`${service.url}/work?ms=1`);
    const { body } = await request(`${service.url}/metrics`, { headers: operator });
    expect(body).toContain(
      'capsule_http_request_duration_seconds_count{method="GET",route="/work",status="200"} 1',
    );
  });
});

describe('A process with a part that never finishes', () => {
  it('ends by itself when its grace is over, says so, and not before', async () => {
    const service = run(await freePort(), 100, 1, '--stuck');
    await untilReady(service);
    const stuckFor = performance.now();
    service.child.kill('SIGTERM');
    expect(await service.exited).toBe(1);
    expect(performance.now() - stuckFor).toBeGreaterThanOrEqual(1_100);
    expect(service.output()).toContain('what still runs is cut off');
  });
});

describe('A process that cannot start', () => {
  it('says why in one line and exits with 1', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const address = taken.address();
    const service = run(typeof address === 'object' && address ? address.port : 0, 0);
    expect(await service.exited).toBe(1);
    taken.close();
    const lines = service.output().trim().split('\n');
    expect(lines).toEqual([expect.stringMatching(/^capsule fixture could not start: .*EADDRINUSE/)]);
  });
});
