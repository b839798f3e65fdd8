import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, matchesGlob, relative, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../../..');

function affectedBy(file: string): string[] {
  const nx = resolve(root, 'node_modules/nx/dist/bin/nx.js');
  const result = spawnSync(
    process.execPath,
    [nx, 'show', 'projects', '--affected', `--files=${file}`, '--json'],
    {
      cwd: root,
      encoding: 'utf8',
      env: { ...process.env, NX_DAEMON: 'false', NX_NO_CLOUD: 'true', NX_ISOLATE_PLUGINS: 'false' },
    },
  );
  expect(result).toMatchObject({ status: 0 });
  return (JSON.parse(result.stdout) as string[]).sort();
}

/** What a module loads or runs of the workspace, and what that does, and so on. */
function filesOf(path: string, found = new Set<string>()): Set<string> {
  found.add(path);
  const text = readFileSync(path, 'utf8');
  for (const [, name = ''] of text.matchAll(/'((?:\.|tools\/dist\/)[^']*\.m?js)'/g)) {
    const source = name.replace('tools/dist', 'tools/src').replace(/\.js$/, '.ts');
    const file = resolve(source.startsWith('.') ? dirname(path) : root, source);
    if (!found.has(file)) filesOf(file, found);
  }
  return found;
}

describe('nx affected', () => {
  it('names an app, and of the others only the tools that run it, when only the app changed', () => {
    expect(affectedBy('apps/billing/src/main.ts')).toEqual(['billing', 'tools']);
  }, 60_000);

  it('names every project that uses a changed lib, and none that does not', () => {
    const affected = affectedBy('libs/storage/src/index.ts');
    expect(affected).toEqual(expect.arrayContaining(['storage', 'gateway', 'deploy']));
    expect(affected).not.toContain('billing');
    expect(affected).not.toContain('contracts');
    expect(affectedBy('libs/cache/src/index.ts')).toEqual(['cache', 'gateway', 'tools']);
  }, 60_000);

  it('names the service whose migration changed, the libs whose specs migrate, and none without a database', () => {
    const affected = affectedBy('migrations/deploy/V1.0.0__Initial_setup.sql');
    expect(affected).toEqual(expect.arrayContaining(['deploy', 'database', 'outbox', 'tools']));
    for (const name of ['contracts', 'config', 'errors', 'telemetry', 'storage'])
      expect(affected).not.toContain(name);
  }, 60_000);

  it.each([
    ['docs/errors/README.md', ['gateway', 'tools']],
    ['docs/openapi.json', ['gateway', 'tools']],
    ['examples/hello-node/server.js', ['tools']],
    ['eslint.config.mjs', ['tools']],
    ['.env.example', ['tools']],
    ['docs/runbooks/infrastructure.md', ['tools']],
    ['docs/adr/0005-routes-are-data.md', []],
  ])(
    'names those whose specs read %s',
    (file, readers) => {
      expect(affectedBy(file)).toEqual(readers);
    },
    60_000,
  );

  it('knows every file of the servers that all specs run on', () => {
    const { namedInputs } = JSON.parse(readFileSync(resolve(root, 'nx.json'), 'utf8')) as {
      namedInputs: { workspace: string[] };
    };
    const known = namedInputs.workspace.map((input) => input.replace('{workspaceRoot}/', ''));
    const files = [...filesOf(resolve(root, 'tools/src/supervisor/hold-test-servers.ts'))];
    const unknown = files
      .map((file) => relative(root, file))
      .filter((file) => !known.some((each) => matchesGlob(file, each)));
    expect(unknown).toEqual([]);
  });

  it.each([
    'package-lock.json',
    'tsconfig.json',
    'tools/bootstrap/test.mjs',
    'tools/src/supervisor/servers/nats.ts',
    'tools/src/supervisor/test-environment.ts',
    'tools/src/supervisor/managed-process.ts',
  ])(
    'names every project when what all specs run on changed: %s',
    (file) => {
      expect(affectedBy(file).length).toBeGreaterThan(15);
    },
    60_000,
  );
});
