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
import { join, resolve } from 'node:path';

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

function lint(folder: string, what = 'libs/telemetry/src'): { status: number | null; output: string } {
  const eslint = join(root, 'node_modules/eslint/bin/eslint.js');
  const result = spawnSync(process.execPath, [eslint, what], {
    cwd: folder,
    encoding: 'utf8',
  });
  return { status: result.status, output: result.stdout + result.stderr };
}

describe('the import table', () => {
  let folder: string;
  beforeEach(() => {
    folder = scratchCopy();
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('fails the lint for a forbidden import, and only for that', () => {
    expect(lint(folder)).toMatchObject({ status: 0 });

    writeFileSync(
      join(folder, 'libs/telemetry/src/stray.ts'),
      "export { DomainError } from '@capsule/errors';\n",
    );
    const after = lint(folder);
    expect(after.status).toBe(1);
    expect(after.output).toContain('telemetry may not import errors');
  }, 60_000);

  it.each([
    ['TypeORM outside entities and repositories', "import 'typeorm';\n", 'TypeORM is imported in'],
    [
      'the NATS client outside messaging',
      "import '@nats-io/transport-node';\n",
      '@nats-io packages are imported in',
    ],
    [
      'a relative path into another lib',
      "import '../../config/src/index.js';\n",
      'lies outside libs/telemetry',
    ],
    ['the testing lib outside specs', "import '@capsule/testing';\n", 'testing is imported by specs only'],
    [
      'a path past the index of a lib',
      "import '@capsule/config/src/variable.js';\n",
      'reaches past the index',
    ],
  ])(
    'fails the lint for %s',
    (_, source, message) => {
      writeFileSync(join(folder, 'libs/telemetry/src/stray.ts'), source);
      const { status, output } = lint(folder);
      expect(status).toBe(1);
      expect(output).toContain(message);
    },
    60_000,
  );

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

it('gives every project only the workspace dependencies the table allows', async () => {
  const { importTable } = (await import(join(root, 'tools/lint/import-table.mjs'))) as {
    importTable: Record<string, string[]>;
  };
  const folders = ['libs', 'apps']
    .flatMap((parent) => readdirSync(join(root, parent)).map((name) => `${parent}/${name}`))
    .concat('tools');
  expect(folders.length).toBeGreaterThan(15);
  for (const project of folders) {
    const manifest = JSON.parse(readFileSync(join(root, project, 'package.json'), 'utf8')) as Manifest;
    const name = manifest.name.replace('@capsule/', '');
    const dependencies = Object.keys(manifest.dependencies ?? {}).map((each) =>
      each.replace('@capsule/', ''),
    );
    expect({ project, allowed: importTable[name] }).toEqual({
      project,
      allowed: expect.arrayContaining(dependencies),
    });
  }
});
