import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { testPorts } from '@capsule/testing/test-ports';
import { workspace } from '../../../bootstrap/workspace.mjs';
import { type Home, openHome } from '../home.js';
import { ManagedProcess } from '../managed-process.js';
import { isAlive } from '../process-identity.js';
import { livingRecords, type ProcessRecord } from '../process-record.js';
import { eventually } from '../supervised-copy.fixture.js';
import { testSettings } from '../test-environment.js';
import { connectAsSuperuser, postgresServer } from './postgres.js';

const [firstPort] = testPorts('postgres.spec');

/** What a supervisor does first with a new cluster, in a process that can be killed. */
const initialise = `
  const [folder, firstPort] = process.argv.slice(1);
  const load = (name) => import(${JSON.stringify(pathToFileURL(join(workspace, 'tools/dist/supervisor/')).href)} + name);
  const [{ openHome }, { testSettings }, { postgresServer }] =
    await Promise.all(['home.js', 'test-environment.js', 'servers/postgres.js'].map(load));
  const home = openHome(folder);
  await postgresServer(home, 'auth', testSettings(home, Number(firstPort)).clusters.auth).prepare();
`;

describe('a cluster whose initialisation was interrupted', () => {
  let home: Home;
  let data: string;

  beforeEach(() => {
    home = openHome(mkdtempSync(join(tmpdir(), 'capsule-postgres-')));
    data = join(home.path, 'servers/postgres-auth/data');
  });

  afterEach(() => rmSync(home.path, { recursive: true }));

  it('by a kill of everything, as by a power cut, is made anew by the next start', async () => {
    const supervisor = beginInitialising();
    const initdb = await eventually(runningInitdb);
    await eventually(() => expect(existsSync(`${data}.new/PG_VERSION`)).toBe(true));
    supervisor.kill('SIGKILL');
    process.kill(initdb.pid, 'SIGKILL');
    await eventually(() => expect(isAlive(initdb)).toBe(false));
    expect(existsSync(data)).toBe(false);
    await startsAndAnswers();
  }, 60_000);

  it('by a kill of the supervisor alone is made anew by the next start, which ends what was still at it', async () => {
    const supervisor = beginInitialising();
    const initdb = await eventually(runningInitdb);
    supervisor.kill('SIGKILL');
    await once(supervisor, 'exit');
    expect(isAlive(initdb)).toBe(true);
    await startsAndAnswers();
    expect(isAlive(initdb)).toBe(false);
  }, 60_000);

  function beginInitialising(): ChildProcess {
    const words = ['--input-type=module', '-e', initialise, home.path, String(firstPort)];
    return spawn(process.execPath, words, { stdio: 'ignore' });
  }

  function runningInitdb(): ProcessRecord {
    const [record] = livingRecords(home.run);
    if (!record) throw new Error('initdb does not run');
    return record;
  }

  async function startsAndAnswers(): Promise<void> {
    const cluster = testSettings(home, firstPort).clusters.auth;
    const server = new ManagedProcess(postgresServer(home, 'auth', cluster), home);
    try {
      await server.start();
      const client = await connectAsSuperuser(home, 'auth', cluster, 'postgres');
      const { rows } = await client.query("SELECT current_setting('data_checksums') AS checksums");
      await client.end();
      expect(rows).toEqual([{ checksums: 'on' }]);
      expect(livingRecords(home.run).map(({ name }) => name)).toEqual(['postgres-auth']);
    } finally {
      await server.stop();
    }
  }
});
