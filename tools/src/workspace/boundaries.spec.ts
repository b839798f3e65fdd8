import { spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../../..');

/** A copy of the workspace small enough to lint in seconds: the rules, and one lib. */
function scratchCopy(): string {
  const folder = mkdtempSync(join(tmpdir(), 'capsule-boundaries-'));
  for (const file of [
    'package.json',
    'eslint.config.mjs',
    'tsconfig.base.json',
    'tsconfig.spec.json',
    'tools/lint',
    'libs/telemetry',
  ]) {
    cpSync(join(root, file), join(folder, file), {
      recursive: true,
      filter: (path) => !path.endsWith('/dist'),
    });
  }
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

function lint(folder: string, ...what: string[]): { status: number | null; output: string } {
  const eslint = join(root, 'node_modules/eslint/bin/eslint.js');
  const result = spawnSync(process.execPath, [eslint, ...what], { cwd: folder, encoding: 'utf8' });
  return { status: result.status, output: result.stdout + result.stderr };
}

/** What, in which file, as which text, and what lint says of it. */
const forbiddenImports: [string, string, string, string][] = [
  [
    'a lib that the table does not name',
    'libs/telemetry/src/lib.ts',
    "export { DomainError } from '@capsule/errors';",
    'telemetry may not import errors',
  ],
  [
    'TypeORM outside entities and repositories',
    'libs/telemetry/src/typeorm.ts',
    "import 'typeorm';",
    'TypeORM is imported in',
  ],
  [
    'the NATS client outside messaging',
    'libs/telemetry/src/nats.ts',
    "import '@nats-io/transport-node';",
    '@nats-io packages are imported in',
  ],
  [
    'a relative path into another lib',
    'libs/telemetry/src/path.ts',
    "import '../../config/src/index.js';",
    'lies outside libs/telemetry',
  ],
  [
    'the testing lib outside specs',
    'libs/telemetry/src/testing.ts',
    "import '@capsule/testing';",
    'testing is imported by specs only',
  ],
  [
    'a path past the index of a lib',
    'libs/telemetry/src/deep.ts',
    "import '@capsule/config/src/variable.js';",
    'reaches past the index',
  ],
  [
    'a type of a forbidden lib',
    'libs/telemetry/src/type.ts',
    "export type Stray = import('@capsule/database').Database;",
    'telemetry may not import database',
  ],
  [
    'a required lib',
    'libs/telemetry/src/require.ts',
    "import database = require('@capsule/database');\nexport { database };",
    'telemetry may not import database',
  ],
  [
    'a lib named by a template',
    'libs/telemetry/src/template.ts',
    'export const stray = import(`@capsule/database`);',
    'telemetry may not import database',
  ],
  [
    "another feature's repository",
    'apps/deploy/src/apps/repository.ts',
    "import '../projects/project.repository.js';",
    "another feature's service, never its repository",
  ],
  [
    'another app by its path',
    'apps/deploy/src/apps/path.ts',
    "import '../../../billing/src/app.module.js';",
    'lies outside apps/deploy',
  ],
  [
    'another app by its name',
    'apps/deploy/src/apps/name.ts',
    "import '@capsule/billing';",
    'deploy may not import billing',
  ],
  [
    'the database in the gateway',
    'apps/gateway/src/database.ts',
    "import '@capsule/database';",
    'gateway may not import database',
  ],
  [
    'the outbox in the gateway',
    'apps/gateway/src/outbox.ts',
    "import '@capsule/outbox';",
    'gateway may not import outbox',
  ],
];

describe('the import table', () => {
  let folder: string;
  beforeAll(() => {
    folder = scratchCopy();
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('lets the imports pass that are there', () => {
    expect(lint(folder, 'libs')).toMatchObject({ status: 0 });
  }, 60_000);

  describe('fails the lint for', () => {
    let report: { filePath: string; messages: { message: string }[] }[];
    beforeAll(() => {
      for (const [, file, source] of forbiddenImports) {
        mkdirSync(join(folder, dirname(file)), { recursive: true });
        writeFileSync(join(folder, file), `${source}\n`);
      }
      const { status, output } = lint(folder, 'libs', 'apps', '--format=json');
      expect(status).toBe(1);
      report = JSON.parse(output) as typeof report;
    }, 60_000);

    it.each(forbiddenImports)('%s', (_, file, _source, said) => {
      const found = report.find(({ filePath }) => filePath === join(folder, file));
      expect(found?.messages).toContainEqual(
        expect.objectContaining({ ruleId: 'capsule/boundaries', message: expect.stringContaining(said) }),
      );
    });
  });

  it('holds for plain modules too, and names the folders it makes an exception for', () => {
    const source = "import '@nats-io/transport-node';\n";
    mkdirSync(join(folder, 'tools/bench/baseline'), { recursive: true });
    writeFileSync(join(folder, 'tools/bench/baseline/pair.mjs'), source);
    expect(lint(folder, 'tools')).toMatchObject({ status: 0 });

    writeFileSync(join(folder, 'tools/bench/stray.mjs'), source);
    const { status, output } = lint(folder, 'tools');
    expect(status).toBe(1);
    expect(output).toContain('tools/bench/stray.mjs');
    expect(output).toContain('@nats-io packages are imported in');
    expect(output).not.toContain('pair.mjs');
  }, 60_000);
});

interface Manifest {
  name: string;
  dependencies?: Record<string, string>;
}

/** The libs that a project's sources and specs import; `testing` is everybody's. */
function importedLibs(project: string): string[] {
  const own = project.split('/').at(-1) ?? '';
  const found = new Set<string>();
  for (const file of readdirSync(join(root, project), { recursive: true, encoding: 'utf8' })) {
    if (!/\.(ts|tsx|mjs)$/.test(file) || /(^|\/)(dist|node_modules)\//.test(file)) continue;
    const text = readFileSync(join(root, project, file), 'utf8');
    for (const [, lib = ''] of text.matchAll(/^[^'"`]*(?:from|import\(|import) ?'@capsule\/([a-z-]+)/gm)) {
      found.add(lib);
    }
  }
  return [...found].filter((lib) => lib !== 'testing' && lib !== own).sort();
}

describe.each(
  ['libs', 'apps']
    .flatMap((parent) => readdirSync(join(root, parent)).map((name) => `${parent}/${name}`))
    .concat('tools'),
)('the project %s', (project) => {
  const read = (file: string) => JSON.parse(readFileSync(join(root, project, file), 'utf8')) as unknown;
  const { name, dependencies = {} } = read('package.json') as Manifest;
  const declared = Object.keys(dependencies)
    .filter((each) => each.startsWith('@capsule/'))
    .map((each) => each.replace('@capsule/', ''))
    .sort();

  it('declares the workspace dependencies that it imports, and no others', () => {
    expect(declared).toEqual(importedLibs(project));
  });

  it('is compiled after those it declares', () => {
    const { references = [] } = read('tsconfig.json') as { references?: { path: string }[] };
    expect(references.map(({ path }) => basename(path)).sort()).toEqual(declared);
  });

  it('declares only what the table allows', async () => {
    const { importTable } = (await import(join(root, 'tools/lint/import-table.mjs'))) as {
      importTable: Record<string, string[]>;
    };
    expect(importTable[name.replace('@capsule/', '')]).toEqual(expect.arrayContaining(declared));
  });
});
