import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { workspace } from '../../bootstrap/workspace.mjs';
import { type Home, openHome } from './home.js';
import { logPathOf } from './log-file.js';
import { LogKeeper } from './log-keeper.js';
import { identityOf } from './process-identity.js';
import { childrenByParent } from './status.js';
import { eventually, readCommandLine } from './supervised-copy.fixture.js';

/** And what was read at once. */
const maxBytes = 10 * 1024 * 1024 + 64 * 1024;

/** Prints numbered lines of a hundred bytes: so many at once, then one every ten milliseconds until it is told to end. */
const chatty = (atOnce: number) => `
  let number = 0;
  const line = () => String(number++).padStart(99, '.') + '\\n';
  while (number < ${atOnce}) process.stdout.write(line());
  setInterval(() => process.stdout.write(line()), 10);
`;

describe('the log of a running process', () => {
  let home: Home;
  let path: string;
  let child: ChildProcess | undefined;

  beforeEach(() => {
    home = openHome(mkdtempSync(join(tmpdir(), 'capsule-logs-')));
    path = logPathOf(home.logs, 'chatty');
  });

  afterEach(() => {
    child?.kill('SIGKILL');
    rmSync(home.path, { recursive: true });
  });

  it('is rotated while it runs, bounded, and has every line in its order', async () => {
    const { output, finish } = await LogKeeper.of(home).open(path);
    const program = `for (let i = 0; i < 450_000; i += 1) process.stdout.write(String(i).padStart(99, '.') + '\\n');`;
    child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', output, output] });
    output.destroy();
    await once(child, 'exit');
    await finish();

    const files = [`${path}.2`, `${path}.1`, path];
    for (const file of files) expect(statSync(file).size).toBeLessThanOrEqual(maxBytes);
    expect(existsSync(`${path}.3`)).toBe(false);
    const numbers = files.flatMap(numbersIn);
    expect(numbers.length).toBeGreaterThan(200_000);
    expect(numbers).toEqual(numbers.map((_, index) => 450_000 - numbers.length + index));
  });

  it('goes on with every line when the process that keeps it is killed, and its program notices nothing', async () => {
    const { output, finish } = await LogKeeper.of(home).open(path);
    child = spawn(process.execPath, ['-e', chatty(1)], { stdio: ['ignore', output, output] });
    output.destroy();
    await eventually(() => expect(numbersIn(path).length).toBeGreaterThan(5));
    process.kill(keeperOf(process.pid), 'SIGKILL');
    const before = numbersIn(path).length;
    await eventually(() => expect(numbersIn(path).length).toBeGreaterThan(before + 20));
    expect(child.exitCode).toBeNull();
    child.kill('SIGKILL');
    await finish();
    const numbers = numbersIn(path);
    expect(numbers).toEqual(numbers.map((_, index) => index));
  });

  it('goes on with every line when the supervisor is killed, and its keeper ends with the program', async () => {
    const keeperUrl = pathToFileURL(join(workspace, 'tools/dist/supervisor/log-keeper.js')).href;
    const homeUrl = pathToFileURL(join(workspace, 'tools/dist/supervisor/home.js')).href;
    const supervisor = spawn(
      process.execPath,
      ['--input-type=module', '-e', supervising(keeperUrl, homeUrl, home.path, path)],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const [text] = (await once(supervisor.stdout, 'data')) as [Buffer];
    const program = Number(text.toString());
    await eventually(() => expect(numbersIn(path).length).toBeGreaterThan(5));
    const keeper = keeperOf(supervisor.pid as number);

    supervisor.kill('SIGKILL');
    await once(supervisor, 'exit');
    const before = numbersIn(path).length;
    await eventually(() => expect(numbersIn(path).length).toBeGreaterThan(before + 20));
    process.kill(program, 'SIGKILL');
    await eventually(() => expect(identityOf(keeper)).toBeUndefined());
    const numbers = numbersIn(path);
    expect(numbers).toEqual(numbers.map((_, index) => index));
  });
});

function supervising(keeperUrl: string, homeUrl: string, home: string, path: string): string {
  return `
    import { spawn } from 'node:child_process';
    import { LogKeeper } from ${JSON.stringify(keeperUrl)};
    import { openHome } from ${JSON.stringify(homeUrl)};
    const { output } = await LogKeeper.of(openHome(${JSON.stringify(home)})).open(${JSON.stringify(path)});
    const child = spawn(process.execPath, ['-e', ${JSON.stringify(chatty(1))}], {
      stdio: ['ignore', output, output],
      detached: true,
    });
    output.destroy();
    console.log(child.pid);
    setInterval(() => {}, 1000);
  `;
}

function keeperOf(supervisor: number): number {
  const children = childrenByParent().get(supervisor) ?? [];
  return children.find((pid) => readCommandLine(pid).includes('log-keeper-process.js')) as number;
}

function numbersIn(file: string): number[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => Number(line.replaceAll('.', '')));
}
