import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import pg from 'pg';

const program = join(resolve(import.meta.dirname, '../..'), 'tools/dist/studio.js');
const password = process.env['AUTH_SERVICE_DB_BACKUP_PASSWORD'] as string;

function studio(words: string[], variables: Record<string, string | undefined> = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...words], {
    encoding: 'utf8',
    env: { ...process.env, ...variables },
  });
  return { status, stdout, stderr };
}

describe('npm run db:studio', () => {
  it('tells where each database is, whom to be there, and where the password is, but not the password', () => {
    const { status, stdout } = studio([]);
    expect(status).toBe(0);
    expect(stdout.match(/^(auth|billing|deploy|monitor)$/gm)).toHaveLength(4);
    expect(stdout).toMatch(
      /user +auth_backup\n +password +in the environment variable AUTH_SERVICE_DB_BACKUP_PASSWORD/,
    );
    expect(stdout).not.toContain(password);
    expect(studio(['--json']).stdout).not.toContain(password);
  });

  it('tells the password when asked to, as a line that connects and may not write', async () => {
    const [auth] = JSON.parse(studio(['--json', '--show-passwords']).stdout) as {
      uri: string;
      password: string;
    }[];
    expect(auth?.password).toBe(password);
    const client = new pg.Client(auth?.uri);
    await client.connect();
    await client.query('SELECT 1');
    await expect(client.query('CREATE TABLE t (a integer)')).rejects.toThrow('permission denied');
    await client.end();
  });

  it('tells the file of a password that lies in one', () => {
    const folder = mkdtempSync(join(tmpdir(), 'capsule-studio-'));
    const file = join(folder, 'password');
    writeFileSync(file, password);
    const variables = {
      AUTH_SERVICE_DB_BACKUP_PASSWORD: undefined,
      AUTH_SERVICE_DB_BACKUP_PASSWORD_FILE: file,
    };
    expect(studio([], variables).stdout).toContain(`password  in the file ${file}`);
    rmSync(folder, { recursive: true });
  });

  it('ends with 2 when asked what it does not know', () => {
    expect(studio(['--loud'])).toMatchObject({ status: 2, stderr: expect.stringContaining('usage:') });
  });
});
