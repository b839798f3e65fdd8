import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { bundleApps, bundledProgram } from '../../bootstrap/bundle.mjs';
import { workspace } from '../../bootstrap/workspace.mjs';

const WEEK_MS = 7 * 24 * 3_600_000;

describe('the programs of the apps as few files', () => {
  let checkout: string;

  beforeEach(async () => {
    checkout = mkdtempSync(join(tmpdir(), 'capsule-bundle-'));
    symlinkSync(join(workspace, 'node_modules'), join(checkout, 'node_modules'));
    write('apps/shop/dist/till.js', "export const till = 'till 1';");
    write('apps/shop/dist/main.js', "import { till } from './till.js'; console.log('main', till);");
    write('apps/shop/dist/command.js', "import { till } from './till.js'; console.log('command', till);");
    await bundleApps(checkout);
  });
  afterEach(() => rmSync(checkout, { recursive: true }));

  const pathOf = (file: string) => join(checkout, file);
  function write(file: string, text: string): void {
    mkdirSync(dirname(pathOf(file)), { recursive: true });
    writeFileSync(pathOf(file), text);
  }
  function run(program: 'main' | 'command'): string {
    const { stdout, stderr } = spawnSync(process.execPath, [bundledProgram(checkout, 'shop', program)], {
      encoding: 'utf8',
    });
    return (stdout + stderr).trim();
  }
  const shared = () => readdirSync(join(checkout, 'tools/dist/bundle/shared')).sort();

  it('do what they do as modules', () => {
    expect([run('main'), run('command')]).toEqual(['main till 1', 'command till 1']);
  });

  it('are made anew when something that went into them has changed, and only then', async () => {
    write('tools/dist/bundle/shop/main.mjs', "console.log('as it was left')");
    await bundleApps(checkout);
    expect(run('main')).toBe('as it was left');
    write('apps/shop/dist/till.js', "export const till = 'the second till';");
    await bundleApps(checkout);
    expect([run('main'), run('command')]).toEqual(['main the second till', 'command the second till']);
  });

  it.each([
    ['the bundler itself changed', 'tools/bootstrap/bundle.mjs', '// another'],
    ['a program was added', 'apps/depot/dist/main.js', "console.log('depot');"],
  ])('are made anew when %s', async (_, file, text) => {
    write('tools/dist/bundle/shop/main.mjs', "console.log('as it was left')");
    write(file, text);
    await bundleApps(checkout);
    expect(run('main')).toBe('main till 1');
  });

  it('leave what a running program may still load, for a week', async () => {
    const before = shared();
    write('apps/shop/dist/till.js', "export const till = 'the second till';");
    await bundleApps(checkout);
    expect(shared()).toEqual(expect.arrayContaining(before));
    const longAgo = new Date(Date.now() - WEEK_MS - 1_000);
    for (const name of before) utimesSync(join(checkout, 'tools/dist/bundle/shared', name), longAgo, longAgo);
    write('apps/shop/dist/till.js', "export const till = 'the third till, opened later';");
    await bundleApps(checkout);
    expect(shared()).not.toEqual(expect.arrayContaining(before));
    expect(run('main')).toBe('main the third till, opened later');
  });

  it('find files by where they lay as modules', async () => {
    write('apps/shop/dist/goods/price.txt', '12 EUR');
    write(
      'apps/shop/dist/goods/price.js',
      "import { readFileSync } from 'node:fs'; export const price = readFileSync(new URL('price.txt', import.meta.url), 'utf8');",
    );
    write('apps/shop/dist/main.js', "import { price } from './goods/price.js'; console.log(price);");
    await bundleApps(checkout);
    expect(run('main')).toBe('12 EUR');
  });

  it('know their classes by the names in the sources', async () => {
    const same = 'let Shelf = class Shelf {}; export const name = Shelf.name;';
    write('apps/shop/dist/one.js', same);
    write('apps/shop/dist/two.js', same);
    write(
      'apps/shop/dist/main.js',
      "import { name } from './one.js'; import { name as other } from './two.js'; console.log(name, other);",
    );
    await bundleApps(checkout);
    expect(run('main')).toBe('Shelf Shelf');
  });

  it('tell what is missing, and leave those that are there', async () => {
    write('apps/shop/dist/main.js', "import './nowhere.js';");
    await expect(bundleApps(checkout)).rejects.toThrow(/Could not resolve "\.\/nowhere\.js"/);
    expect(run('main')).toBe('main till 1');
  });
});
