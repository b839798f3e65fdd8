import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installMissingPrograms } from '../../bootstrap/install-programs.mjs';
import {
  findProgram,
  missingPrograms,
  type ProgramFolders,
  testPrograms,
} from '../../bootstrap/programs.mjs';

const compose = 'Or run the servers in containers instead: npm run infrastructure:up';

describe('the programs that servers are started with', () => {
  let folder: string;
  let folders: ProgramFolders;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'capsule-programs-'));
    folders = { usual: [folder], postgres: [join(folder, 'postgresql/15/bin')] };
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  it('are asked for by the exact command, and the containers named, where nothing can install them', () => {
    const install = () => installMissingPrograms(() => folders);
    expect(install).toThrow('Not installed: PostgreSQL 15 or newer, Redis, NATS server, Caddy.');
    expect(install).toThrow(
      process.platform === 'darwin'
        ? 'Install with:  brew install postgresql@15 redis nats-server caddy\n'
        : 'Install with:  sudo apt-get update && sudo apt-get install --no-install-recommends postgresql redis-server nats-server caddy\n',
    );
    expect(install).toThrow(compose);
  });

  it('are asked for without those that are there', () => {
    for (const name of ['redis-server', 'caddy']) place(name);
    expect(() => installMissingPrograms(() => folders)).toThrow(
      'Not installed: PostgreSQL 15 or newer, NATS server.',
    );
  });

  it('have a pooler beside them for specs alone', () => {
    for (const name of ['redis-server', 'nats-server', 'caddy']) place(name);
    for (const name of ['postgres', 'initdb']) place(join('postgresql/15/bin', name));
    expect(() => installMissingPrograms(() => folders)).not.toThrow();
    expect(() => installMissingPrograms(() => folders, testPrograms)).toThrow('Not installed: PgBouncer.');
    place('pgbouncer');
    expect(() => installMissingPrograms(() => folders, testPrograms)).not.toThrow();
  });

  it('need nothing when all are there', () => {
    for (const name of ['redis-server', 'nats-server', 'caddy']) place(name);
    for (const name of ['postgres', 'initdb']) place(join('postgresql/15/bin', name));
    expect(missingPrograms(folders)).toEqual([]);
    expect(() => installMissingPrograms(() => folders)).not.toThrow();
  });

  it('are no PostgreSQL when it is too old or its initdb is missing', () => {
    place('postgresql/15/bin/postgres');
    for (const name of ['postgres', 'initdb']) place(join('postgresql/14/bin', name));
    folders.postgres.push(join(folder, 'postgresql/14/bin'));
    expect(findProgram('postgres', folders)).toBeUndefined();
    place('postgresql/15/bin/initdb');
    expect(findProgram('postgres', folders)).toBe(join(folder, 'postgresql/15/bin/postgres'));
  });

  function place(name: string): void {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), '');
    chmodSync(join(folder, name), 0o755);
  }
});
