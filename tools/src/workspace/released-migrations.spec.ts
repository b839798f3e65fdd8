import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const workspace = resolve(import.meta.dirname, '../../..');
const program = join(workspace, 'tools/lint/released-migrations.mjs');

function run(...words: string[]): { status: number | null; stderr: string } {
  const { status, stderr } = spawnSync(process.execPath, [program, ...words], { encoding: 'utf8' });
  return { status, stderr };
}

describe('a migration that was merged', () => {
  let checkout: string;
  const path = (name: string) => join(checkout, 'migrations', name);
  const check = () => run(checkout);
  const list = () => readFileSync(path('released.sha256'), 'utf8');
  beforeEach(() => {
    checkout = mkdtempSync(join(tmpdir(), 'capsule-released-'));
    cpSync(join(workspace, 'migrations/deploy'), path('deploy'), { recursive: true });
    expect(run('--append', checkout)).toEqual({ status: 0, stderr: '' });
  });
  afterEach(() => rmSync(checkout, { recursive: true }));

  it('says in this checkout what it said then', () => {
    expect(run()).toEqual({ status: 0, stderr: '' });
  });

  it('is not edited, if only by a blank, and the list is not rewritten to hide it', () => {
    const name = 'deploy/V1.1.0__Projects_apps_and_deployments.sql';
    writeFileSync(path(name), `${readFileSync(path(name), 'utf8')} `);
    const before = list();
    for (const words of [[checkout], ['--append', checkout]]) {
      const { status, stderr } = run(...words);
      expect(status).toBe(1);
      expect(stderr).toContain(`${name} was edited after it was merged.\nBring it back from version control`);
    }
    expect(list()).toBe(before);
  });

  it('is the same with other line ends', () => {
    const name = path('deploy/V1.1.0__Projects_apps_and_deployments.sql');
    writeFileSync(name, readFileSync(name, 'utf8').replaceAll('\n', '\r\n'));
    expect(check()).toEqual({ status: 0, stderr: '' });
  });

  it('is not removed', () => {
    unlinkSync(path('deploy/V1.1.0__Projects_apps_and_deployments.sql'));
    expect(check()).toMatchObject({ status: 1, stderr: expect.stringContaining('was merged, and is gone') });
  });

  it('is not run otherwise', () => {
    writeFileSync(path('deploy/V99.0.0__Index.sql'), 'SELECT 1;');
    writeFileSync(path('deploy/V99.0.0__Index.sql.conf'), 'executeInTransaction=false');
    run('--append', checkout);
    writeFileSync(path('deploy/V99.0.0__Index.sql.conf'), 'executeInTransaction=true');
    expect(check()).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('V99.0.0__Index.sql.conf was'),
    });
  });

  it('may be new in its folder, and must be taken up before a newer one is', () => {
    writeFileSync(path('deploy/V99.9.0__New.sql'), 'SELECT 1;');
    expect(check()).toEqual({ status: 0, stderr: '' });
    const before = list();
    writeFileSync(path('released.sha256'), `${before}${'0'.repeat(64)}  deploy/V99.10.0__Newer.sql\n`);
    expect(check().stderr).toContain('deploy/V99.9.0__New.sql is not in migrations/released.sha256');

    writeFileSync(path('released.sha256'), before);
    expect(run('--append', checkout)).toEqual({ status: 0, stderr: '' });
    expect(list().startsWith(before)).toBe(true);
    expect(list()).toMatch(/^[0-9a-f]{64} {2}deploy\/V99\.9\.0__New\.sql$/m);
  });
});
