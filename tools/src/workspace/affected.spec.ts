import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';

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

describe('nx affected', () => {
  it('names an app alone when only the app changed', () => {
    expect(affectedBy('apps/billing/src/main.ts')).toEqual(['billing']);
  }, 60_000);

  it('names every project that uses a changed lib, and none that does not', () => {
    const affected = affectedBy('libs/storage/src/index.ts');
    expect(affected).toEqual(expect.arrayContaining(['storage', 'gateway', 'deploy']));
    expect(affected).not.toContain('billing');
    expect(affected).not.toContain('contracts');
  }, 60_000);

  it('names the service whose migration changed', () => {
    expect(affectedBy('migrations/deploy/V1.0.0__Initial_setup.sql')).toContain('deploy');
    expect(affectedBy('migrations/deploy/V1.0.0__Initial_setup.sql')).not.toContain('auth');
  }, 60_000);

  it('names every project when the lockfile changed', () => {
    expect(affectedBy('package-lock.json').length).toBeGreaterThan(15);
  }, 60_000);
});
