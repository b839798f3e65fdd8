import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { copyWorkspace } from './scratch-workspace.js';

const root = resolve(import.meta.dirname, '../../..');

describe('the check of .env.example', () => {
  let copy: ReturnType<typeof copyWorkspace>;

  beforeAll(() => {
    copy = copyWorkspace(root);
  });

  afterAll(() => copy.remove());

  it('fails once a schema says something else, until the file is written anew', () => {
    expect(check()).toMatchObject({ status: 0 });

    const schema = join(copy.path, 'libs/config/src/environments/shared.ts');
    const source = readFileSync(schema, 'utf8');
    writeFileSync(schema, source.replace(`'SHUTDOWN_GRACE_SECONDS'`, `'SHUTDOWN_PATIENCE_SECONDS'`));
    expect(run('node_modules/typescript7/bin/tsc', '-b', 'libs/config')).toMatchObject({ status: 0 });
    expect(check()).toMatchObject({ status: 1, stderr: expect.stringContaining('npm run env:example') });

    expect(run('tools/dist/workspace/env-example.js')).toMatchObject({ status: 0 });
    expect(check()).toMatchObject({ status: 0 });
    expect(readFileSync(join(copy.path, '.env.example'), 'utf8')).toContain('SHUTDOWN_PATIENCE_SECONDS=15');
  }, 60_000);

  const check = () => run('tools/dist/workspace/env-example.js', '--check');

  function run(program: string, ...words: string[]): { status: number | null; stderr: string } {
    const { status, stderr } = spawnSync(process.execPath, [join(copy.path, program), ...words], {
      cwd: copy.path,
      encoding: 'utf8',
    });
    return { status, stderr };
  }
});
