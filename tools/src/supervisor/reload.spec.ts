import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { AppName } from '@capsule/contracts';
import { build, workspace } from '../../bootstrap/workspace.mjs';
import { reloadOnChange } from './reload.js';
import { eventually } from './supervised-copy.fixture.js';

const tsconfig = (references: { path: string }[]) =>
  JSON.stringify({
    extends: join(workspace, 'tsconfig.base.json'),
    compilerOptions: { rootDir: 'src', outDir: 'dist', tsBuildInfoFile: 'dist/.tsbuildinfo' },
    include: ['src/**/*.ts'],
    references,
  });
const printing = (type: string) => `
  import { word } from '../../../libs/words/dist/index.js';
  export const printed: ${type} = word;
`;

/** Two services made from one lib. */
const files = {
  'package.json': '{ "type": "module" }',
  'libs/words/tsconfig.json': tsconfig([]),
  'libs/words/src/index.ts': `export const word: string = 'one';`,
  'apps/auth/tsconfig.json': tsconfig([{ path: '../../libs/words' }]),
  'apps/auth/src/main.ts': printing('string'),
  'apps/billing/tsconfig.json': tsconfig([{ path: '../../libs/words' }]),
  'apps/billing/src/main.ts': printing('string | number'),
};

describe('two services that reload', () => {
  const apps: AppName[] = ['auth', 'billing'];
  let checkout: string;
  let said: string[];
  /** What a restart does; it is told the app. */
  let restart: (app: AppName) => Promise<void>;
  let stop: () => void;

  beforeEach(async () => {
    checkout = mkdtempSync(join(tmpdir(), 'capsule-reload-'));
    for (const [name, text] of Object.entries(files)) edit(name, text);
    symlinkSync(join(workspace, 'node_modules'), join(checkout, 'node_modules'));
    await build(...apps.map((app) => join(checkout, 'apps', app)));
    said = [];
    restart = () => Promise.resolve();
    const say = (message: string) => void said.push(message);
    stop = reloadOnChange({
      workspace: checkout,
      apps,
      reporter: { step: say, note: say, failure: say, summary: say },
      restart: (app) => restart(app),
    });
  });

  afterEach(() => {
    stop();
    rmSync(checkout, { recursive: true });
  });

  it('both get a new lib when it compiles again, though the mending edit was made in one of them', async () => {
    edit('libs/words/src/index.ts', 'export const word: number = 2;');
    await eventually(() => expect(said.at(-1)).toMatch(/auth.*error TS2322/));

    edit('apps/auth/src/main.ts', printing('number'));
    await eventually(() => expect(said.at(-1)).toBe('reloaded auth, billing'));
  });

  it('wait for each other when one does not start again, and that one is tried with the next edit', async () => {
    let letBillingStart: (() => void) | undefined;
    restart = (app) =>
      app === 'auth'
        ? Promise.reject(new Error('auth ended with code 1'))
        : new Promise((resolve) => (letBillingStart = resolve));
    edit('libs/words/src/index.ts', `export const word: string = 'two';`);
    await eventually(() => expect(letBillingStart).toBeDefined());
    expect(said).toEqual([]);
    letBillingStart?.();
    await eventually(() => expect(said).toEqual(['auth ended with code 1', 'reloaded billing']));

    restart = () => Promise.resolve();
    edit('apps/billing/src/main.ts', printing('unknown'));
    await eventually(() => expect(said.at(-1)).toBe('reloaded auth, billing'));
  });

  function edit(name: string, text: string): void {
    mkdirSync(dirname(join(checkout, name)), { recursive: true });
    writeFileSync(join(checkout, name), text);
  }
});
