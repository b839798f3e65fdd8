import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type TestPorts, testPorts } from '@capsule/testing/test-ports';
import { workspace } from '../../bootstrap/workspace.mjs';
import { type Home, openHome } from './home.js';
import { portVariables } from './private-platform.js';
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

/** A checkout that is this one but for its `.env`, ports and data. */
export class ScratchCheckout {
  readonly path = mkdtempSync(join(tmpdir(), 'capsule-checkout-'));
  readonly home: Home;
  readonly ports: ReturnType<typeof portVariables>;
  /** What the next command finds in its environment. */
  readonly variables: Variables;

  constructor(ports: TestPorts) {
    this.ports = portVariables(testPorts(ports)[0]);
    this.variables = { ...this.ports };
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
