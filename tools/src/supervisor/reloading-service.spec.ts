import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { testPorts } from '@capsule/testing/test-ports';
import { build, workspace } from '../../bootstrap/workspace.mjs';
import { type Home, openHome } from './home.js';
import { identityOf, type ProcessIdentity } from './process-identity.js';
import { livingRecords } from './process-record.js';
import { serveReloading } from './reloading-service.js';
import type { Reporter } from './reporter.js';
import { eventually } from './supervised-copy.fixture.js';

const [port] = testPorts('reloading-service.spec');
const url = `http://127.0.0.1:${port}`;

const tsconfig = {
  extends: join(workspace, 'tsconfig.base.json'),
  compilerOptions: { rootDir: 'src', outDir: 'dist', tsBuildInfoFile: 'dist/.tsbuildinfo' },
  include: ['src/**/*.ts'],
};
const answering = (text: string) => `export const greeting: string = ${text};\n`;

/** A checkout with one service, whose answer is in a file beside its program. */
const files = {
  'package.json': '{ "type": "module" }',
  'apps/auth/tsconfig.json': JSON.stringify(tsconfig),
  'apps/auth/src/greeting.ts': answering(`'first'`),
  'apps/auth/src/main.ts': `
    import { createServer } from 'node:http';
    import { z } from 'zod';
    import { greeting } from './greeting.js';
    const server = createServer((_, response) => void response.end(z.string().parse(greeting)));
    server.listen(${port}, '127.0.0.1');
    process.once('SIGTERM', () => process.exit(0));
  `,
};

describe('a service that is served with reload', () => {
  let checkout: string;
  let home: Home;
  let said: string[];
  let stop: () => Promise<void>;

  beforeEach(async () => {
    checkout = mkdtempSync(join(tmpdir(), 'capsule-reload-'));
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(checkout, name)), { recursive: true });
      writeFileSync(join(checkout, name), text);
    }
    symlinkSync(join(workspace, 'node_modules'), join(checkout, 'node_modules'));
    home = openHome(mkdtempSync(join(tmpdir(), 'capsule-reload-home-')));
    said = [];
    await build(join(checkout, 'apps/auth'));
    stop = await serveReloading({
      workspace: checkout,
      home,
      app: 'auth',
      reporter: recordingReporter(said),
      source: { AUTH_SERVICE_PORT: String(port), PATH: process.env['PATH'] },
    });
  });

  afterEach(async () => {
    await stop();
    expect(livingRecords(home.run)).toEqual([]);
    for (const folder of [checkout, home.path]) rmSync(folder, { recursive: true });
  });

  it('answers by its new code after an edit, again and again, each time from another process', async () => {
    const pids = new Set([servingProcess().pid]);
    for (const word of ['second', 'third', 'fourth']) {
      edit(answering(`'${word}'`));
      await eventually(async () => expect(await answer()).toBe(word));
      await eventually(() => expect(said.at(-1)).toBe('reloaded auth'));
      pids.add(servingProcess().pid);
    }
    expect(pids.size).toBe(4);
  });

  it('goes on as it was while an edit does not compile, says what is wrong, and reloads when that is mended', async () => {
    const before = servingProcess();
    edit(answering('17'));
    await eventually(() => expect(said.at(-1)).toMatch(/greeting\.ts\(1,14\): error TS2322/));
    expect(await answer()).toBe('first');
    expect(servingProcess()).toEqual(before);

    edit(answering(`'mended'`));
    await eventually(async () => expect(await answer()).toBe('mended'));
  });

  it('says so when new code ends at once, and serves again with the next edit', async () => {
    edit(`throw new Error('no such thing');\n${answering(`'x'`)}`);
    await eventually(() => expect(said.at(-1)).toContain('auth ended with code 1'));
    await expect(answer()).rejects.toThrow('fetch failed');

    edit(answering(`'mended'`));
    await eventually(async () => expect(await answer()).toBe('mended'));
  });

  it('leaves no process that waits to be the next one', async () => {
    const waiting = await eventually(() => standbyOf(checkout));
    await stop();
    await eventually(() => expect(identityOf(waiting)).toBeUndefined());
  });

  function edit(text: string): void {
    writeFileSync(join(checkout, 'apps/auth/src/greeting.ts'), text);
  }

  function servingProcess(): ProcessIdentity {
    const [record] = livingRecords(home.run);
    if (!record) throw new Error('nothing is served');
    return { pid: record.pid, startedAt: record.startedAt };
  }
});

async function answer(): Promise<string> {
  return (await fetch(url)).text();
}

function recordingReporter(said: string[]): Reporter {
  const say = (message: string) => void said.push(message);
  return { step: say, note: say, failure: say, summary: say };
}

/** The process that waits to be the next one of the checkout's service. */
function standbyOf(checkout: string): number {
  const { stdout } = spawnSync('ps', ['-axww', '-o', 'pid=,args='], { encoding: 'utf8' });
  const line = stdout
    .split('\n')
    .find((each) => each.includes('standby-process.js') && each.includes(checkout));
  if (!line) throw new Error('none waits');
  return Number.parseInt(line, 10);
}
