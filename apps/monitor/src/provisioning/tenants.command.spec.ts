import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { schemaOf, TenantsFixture } from './tenants.fixture.js';

const program = fileURLToPath(new URL('../../dist/command.js', import.meta.url));

describe('the command for the schemas of all tenants', () => {
  let tenants: TenantsFixture;
  let ids: string[];

  beforeAll(async () => {
    tenants = await TenantsFixture.create();
    ids = (await Promise.all([tenants.register(), tenants.register()])).sort();
  });
  afterAll(() => tenants?.close());

  async function run(...words: string[]): Promise<{ code: number | null; output: string; errors: string }> {
    const child = spawn(process.execPath, [program, 'tenants', ...words], {
      env: { ...process.env, ...tenants.test.environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const said = { code: 0 as number | null, output: '', errors: '' };
    child.stdout.on('data', (chunk: Buffer) => (said.output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (said.errors += chunk.toString()));
    [said.code] = (await once(child, 'close')) as [number | null];
    return said;
  }

  it('ends with 1 while a tenant is not finished, with 0 when all are, and names those that fail', async () => {
    expect(await run('info')).toMatchObject({ code: 1 });
    const [broken = '', whole = ''] = ids;
    await tenants.rows(`CREATE SCHEMA ${schemaOf(broken)} AUTHORIZATION monitor_owner`);
    await tenants.rows(`CREATE TABLE ${schemaOf(broken)}.users ()`);
    const partly = await run('migrate', '--json');
    expect(partly.code).toBe(1);
    expect(JSON.parse(partly.output)).toEqual({
      tenants: 2,
      migrated: 1,
      failed: [{ tenantId: broken, reason: expect.stringContaining('not empty') }],
    });
    const told = await run('info');
    expect(told.output).toMatch(new RegExp(`^${broken} .*failed .*not empty`, 'm'));
    expect(told.output).toMatch(new RegExp(`^${whole} .*active +1\\.0\\.0 +0 +0$`, 'm'));

    await tenants.rows(`DROP TABLE ${schemaOf(broken)}.users`);
    expect(await run('migrate')).toMatchObject({
      code: 0,
      output: expect.stringContaining('1 migrated, 0 failed'),
    });
    expect(await run('info')).toMatchObject({ code: 0 });
    expect(await run('validate')).toMatchObject({ code: 0, output: '', errors: '' });
  });

  it('ends with 2, touching nothing, for a verb or an option that there is not', async () => {
    expect(await run('reset')).toMatchObject({ code: 2, errors: expect.stringContaining('usage: tenants') });
    expect(await run('migrate', '--nonsense')).toMatchObject({ code: 2 });
    expect(await run('baseline')).toMatchObject({ code: 2 });
  });
});
