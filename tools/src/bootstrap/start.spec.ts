import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { workspace } from '../../bootstrap/workspace.mjs';

/** What stands for the parts around tools/bootstrap/start.mjs: a machine without servers, a compiler, a bundler and a supervisor. */
const surroundings = {
  'tools/bootstrap/programs.mjs': `
    export const missingPrograms = () => [{ name: 'postgres' }];
    export const requiredPrograms = [], testPrograms = [], systemFolders = () => {};`,
  'tools/bootstrap/install-programs.mjs': `
    export function installMissingPrograms() { throw new Error('Nothing can be installed here.'); }`,
  'tools/dist/supervisor/start-command.js': `
    export const parseStartOptions = (words) => words;
    export async function start(_, words) { console.log('started with', ...words); return 0; }
    export const startDetached = start;`,
  'package.json': '{ "type": "module" }',
  'package-lock.json': '{}',
  'node_modules/.package-lock.json': '{}',
  'node_modules/typescript7/bin/tsc': `console.log('built');`,
  'tools/bootstrap/bundle.mjs': `export async function bundleApps() {}`,
};

describe('npm start on a machine without servers', () => {
  let checkout: string;

  beforeEach(() => {
    checkout = mkdtempSync(join(tmpdir(), 'capsule-start-'));
    cpSync(join(workspace, 'tools/bootstrap'), join(checkout, 'tools/bootstrap'), { recursive: true });
    for (const [name, text] of Object.entries(surroundings)) write(name, text);
  });

  afterEach(() => rmSync(checkout, { recursive: true }));

  it('ends with what is missing, because it would run them itself', () => {
    const { status, output } = npmStart();
    expect(status).toBe(1);
    expect(output).toContain('Nothing can be installed here.');
    expect(output).not.toContain('started');
  });

  it.each(['--external-servers', '--detach --external-servers'])(
    'installs none and starts when told %s',
    (flags) => {
      const { status, output } = npmStart(...flags.split(' '));
      expect({ status, output }).toMatchObject({ status: 0 });
      expect(output).toMatch(/^✓ build /m);
      expect(output).toContain(`started with ${flags}\n`);
    },
  );

  it('says how it is used, and starts nothing, when asked for help or told what it does not know', () => {
    const usage = 'usage: npm start -- [--detach] [--external-servers]\n';
    expect(npmStart('--help')).toEqual({ status: 0, output: usage });
    expect(npmStart('--detached')).toEqual({
      status: 2,
      output: `✗ npm start does not know --detached.\n${usage}`,
    });
  });

  it.each(['stop', 'status', 'reset', 'dev'])(
    '%s does nothing either when told what it does not know',
    (name) => {
      const { status, output } = run(name, '--json');
      expect({ status, output }).toMatchObject({ status: 2, output: expect.stringContaining('--json') });
    },
  );

  it('npm test prints no more than why its servers could not start', () => {
    write('tools/bootstrap/prepare.mjs', 'export async function prepare() {}');
    write('tools/bootstrap/install-programs.mjs', 'export function installMissingPrograms() {}');
    write(
      'tools/dist/supervisor/hold-test-servers.js',
      `export async function holdTestServers() { throw new Error('redis needs port 17004.'); }`,
    );
    write('node_modules/jest/package.json', '{ "type": "module" }');
    write(
      'node_modules/jest/bin/jest.js',
      `await (await import('../../../tools/bootstrap/jest-servers.mjs')).default();`,
    );
    expect(run('test')).toEqual({ status: 1, output: '✗ redis needs port 17004.\n' });
  });

  function write(name: string, text: string): void {
    mkdirSync(dirname(join(checkout, name)), { recursive: true });
    writeFileSync(join(checkout, name), text);
  }

  function npmStart(...words: string[]): { status: number | null; output: string } {
    return run('start', ...words);
  }

  function run(name: string, ...words: string[]): { status: number | null; output: string } {
    const program = join(checkout, 'tools/bootstrap', `${name}.mjs`);
    const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...words], { encoding: 'utf8' });
    return { status, output: stdout + stderr };
  }
});
