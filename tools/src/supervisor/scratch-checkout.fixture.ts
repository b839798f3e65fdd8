import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { workspace } from '../../bootstrap/workspace.mjs';
import { type Home, openHome } from './home.js';
import type { Variables } from './supervised-copy.fixture.js';

export interface Outcome {
  code: number | null;
  output: string;
}

/** A command that runs; `output` is what it has printed so far. */
export interface RunningCommand {
  child: ChildProcess;
  output(): string;
  ended: Promise<Outcome>;
}

/** Ports for a whole platform, the 80 from `first` on. */
function portsFrom(first: number) {
  return {
    GATEWAY_PORT: first,
    AUTH_SERVICE_PORT: first + 1,
    DEPLOY_SERVICE_PORT: first + 2,
    MONITOR_SERVICE_PORT: first + 3,
    BILLING_SERVICE_PORT: first + 4,
    MONITOR_PROVISIONER_PORT: first + 5,
    AUTH_SERVICE_DB_PORT: first + 40,
    DEPLOY_SERVICE_DB_PORT: first + 41,
    MONITOR_SERVICE_DB_PORT: first + 42,
    BILLING_SERVICE_DB_PORT: first + 43,
    REDIS_PORT: first + 44,
    APPS_EDGE_PORT: first + 46,
    DEPLOY_SERVICE_INSTANCE_PORT_MIN: first + 70,
    DEPLOY_SERVICE_INSTANCE_PORT_MAX: first + 79,
  };
}

/** A checkout that is this one but for its `.env`, ports and data. */
export class ScratchCheckout {
  readonly path = mkdtempSync(join(tmpdir(), 'capsule-checkout-'));
  readonly home: Home;
  readonly ports: ReturnType<typeof portsFrom>;
  /** What the next command finds in its environment. */
  readonly variables: Variables;

  constructor(firstPort: number) {
    this.ports = portsFrom(firstPort);
    const moved = Object.entries(this.ports).map(([variable, port]) => [variable, String(port)]);
    this.variables = { ...Object.fromEntries(moved), NATS_URL: `nats://127.0.0.1:${firstPort + 45}` };
    // The user the servers run as must be able to enter.
    chmodSync(this.path, 0o755);
    for (const folder of ['apps', 'examples', 'libs', 'tools'])
      symlinkSync(join(workspace, folder), join(this.path, folder));
    this.home = openHome(join(this.path, '.capsule'));
  }

  /** One command in a process of its own, as tools/bootstrap/*.mjs call it, without a terminal. */
  begin(module: string, name: string, ...options: unknown[]): RunningCommand {
    const url = pathToFileURL(join(workspace, 'tools/dist/supervisor', `${module}.js`)).href;
    const words = [this.path, ...options].map((word) => JSON.stringify(word)).join(', ');
    const script = `const m = await import(${JSON.stringify(url)}); process.exitCode = await m.${name}(${words});`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      cwd: this.path,
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...this.variables },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const ended = new Promise<Outcome>((resolve) => child.once('close', (code) => resolve({ code, output })));
    return { child, output: () => output, ended };
  }

  run(module: string, name: string, ...options: unknown[]): Promise<Outcome> {
    return this.begin(module, name, ...options).ended;
  }

  remove(): void {
    rmSync(this.path, { recursive: true });
  }
}
