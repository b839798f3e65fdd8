import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { testPorts } from '@capsule/testing/test-ports';
import { chooseHome, openHome } from './home.js';
import { ManagedProcess } from './managed-process.js';
import { connectAsSuperuser, postgresServer } from './servers/postgres.js';
import { testSettings } from './test-environment.js';

const [firstPort] = testPorts('home.spec');
const isRoot = process.getuid?.() === 0;

describe('where the data goes', () => {
  let workspace: string;

  beforeEach(() => {
    workspace = mkdtempSync(join(tmpdir(), 'capsule-home-'));
  });

  afterEach(() => rmSync(workspace, { recursive: true }));

  it('is the checkout, when the user the servers run as can enter it', () => {
    chmodSync(workspace, 0o755);
    expect(chooseHome(workspace, undefined)).toBe(join(workspace, '.capsule'));
  });

  it("is a state folder of the checkout's own, when started by root in a folder that user cannot enter", () => {
    chmodSync(workspace, 0o700);
    const other = join(workspace, 'other');
    mkdirSync(other);
    const expected = isRoot ? /^\/var\/lib\/capsule\/[0-9a-f]{12}$/ : /\.capsule$/;
    expect(chooseHome(workspace, undefined)).toMatch(expected);
    expect(chooseHome(other, undefined)).not.toBe(chooseHome(workspace, undefined));
  });

  (isRoot ? it : it.skip)(
    'is a state folder that a cluster can be made in and be queried, when the checkout is closed to it',
    async () => {
      chmodSync(workspace, 0o700);
      const home = openHome(chooseHome(workspace, undefined));
      const cluster = testSettings(home, firstPort).clusters.auth;
      const postgres = new ManagedProcess(postgresServer(home, 'auth', cluster), home);
      try {
        await postgres.start();
        const client = await connectAsSuperuser(home, 'auth', cluster, 'postgres');
        const { rows } = await client.query("SELECT current_setting('data_directory') AS folder");
        await client.end();
        expect(rows).toEqual([{ folder: join(home.path, 'servers/postgres-auth/data') }]);
        expect(statSync(rows[0].folder).uid).toBe(home.user?.uid);
      } finally {
        await postgres.stop();
        rmSync(home.path, { recursive: true });
      }
    },
    60_000,
  );

  it('is what CAPSULE_HOME says', () => {
    chmodSync(workspace, 0o700);
    expect(chooseHome(workspace, '/srv/capsule')).toBe('/srv/capsule');
  });

  it('lets nobody look at logs, secrets and sockets, whatever modes the folders had', () => {
    chmodSync(workspace, 0o755);
    const path = join(workspace, 'home');
    chmodSync(openHome(path).secrets, 0o777);
    const home = openHome(path);
    for (const folder of [
      home.logs,
      home.secrets,
      home.run,
      dirname(home.controlSocket),
      dirname(home.edgeAdminSocket),
    ]) {
      expect(statSync(folder).mode & 0o777).toBe(0o700);
    }
  });

  it('may have a longer path than a socket: those move to the temporary folder', () => {
    chmodSync(workspace, 0o755);
    const home = openHome(join(workspace, 'x'.repeat(100)));
    for (const socket of [home.controlSocket, home.edgeAdminSocket]) {
      expect(Buffer.byteLength(socket)).toBeLessThanOrEqual(103);
      expect(statSync(dirname(socket)).mode & 0o777).toBe(0o700);
      rmSync(dirname(socket), { recursive: true });
    }
  });
});
