import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { serviceNames } from '@capsule/contracts';
import { createTestDatabase, type TestDatabase } from '@capsule/testing';
import { workspace } from '../../bootstrap/workspace.mjs';
import { ensureEnvironmentFile } from './environment-file.js';

const url = pathToFileURL(join(workspace, 'tools/dist/supervisor/dead-letters-command.js')).href;
const INSERT = `
  INSERT INTO dead_letters (id, consumer, event_id, event_type, envelope, error, attempts)
  VALUES ($1, 'somebody', $2, 'something', '{}', 'it was raining', 8)`;

describe('npm run dead-letters', () => {
  let checkout: string;
  let database: TestDatabase | undefined;
  let variables: Record<string, string>;

  beforeEach(() => {
    variables = {};
    checkout = mkdtempSync(join(tmpdir(), 'capsule-checkout-'));
    // The user the servers would run as must be able to enter.
    chmodSync(checkout, 0o755);
    symlinkSync(join(workspace, 'apps'), join(checkout, 'apps'));
    ensureEnvironmentFile(checkout, join(checkout, '.capsule'));
  });

  afterEach(async () => {
    await database?.close();
    database = undefined;
    rmSync(checkout, { recursive: true });
  });

  /** In a process of its own, as tools/bootstrap/dead-letters.mjs calls it, somewhere else than in the checkout. */
  function deadLetters(...words: string[]): Promise<{ stdout: string }> {
    const script = `const { deadLetters } = await import(${JSON.stringify(url)});
      process.exitCode = await deadLetters(...${JSON.stringify([checkout, words])});`;
    const env = { ...process.env, ...database?.environment, ...variables };
    return promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
      cwd: tmpdir(),
      env,
    });
  }

  it.each(serviceNames)('lists what %s gave up on, wherever it is called from', async (name) => {
    database = await createTestDatabase(name);
    expect(await deadLetters(name, 'list')).toMatchObject({ stdout: '0 dead letters\n' });

    const id = randomUUID();
    await database.asSuperuser((client) => client.query(INSERT, [id, randomUUID()]));
    const { stdout } = await deadLetters(name, 'list');
    expect(stdout).toMatch(new RegExp(`^${id}\t.*\tit was raining\n1 dead letters\n$`));
  });

  it('ends with 1 when a letter could not be replayed', async () => {
    database = await createTestDatabase('deploy');
    await expect(deadLetters('deploy', 'replay', randomUUID())).rejects.toMatchObject({
      code: 1,
      stdout: expect.stringContaining('no open dead letter has the id'),
    });
  });

  it('says at once that the platform does not run', async () => {
    variables = { AUTH_SERVICE_DB_PORT: '1' };
    await expect(deadLetters('auth', 'list')).rejects.toMatchObject({
      code: 1,
      stderr:
        '✗ The database of auth does not listen on 127.0.0.1:1. Start the platform first (npm start).\n',
    });
  });

  it('names the services that have any when asked for those of another', async () => {
    await expect(deadLetters('gateway', 'list')).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining(serviceNames.join('|')),
    });
  });
});
