import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { workspace } from '../../bootstrap/workspace.mjs';

const packages = 'postgresql redis-server nats-server caddy';
const quietly = 'DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 SYSTEMD_OFFLINE=1';
const clusterFile = '/etc/postgresql-common/createcluster.d/capsule.conf';
/** Only where systemd runs is anything enabled that has to be disabled. */
const disabling = existsSync('/run/systemd/system')
  ? [`systemctl disable --quiet ${packages.replaceAll(/(\S+)/g, '$1.service')}`]
  : [];

/**
 * What the installation of missing servers calls. Every program it could change the machine with is a fake that writes
 * down how it was called; the installers then put the servers where they are looked for.
 */
describe('the installation of missing servers', () => {
  let folder: string;
  let bin: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'capsule-installation-'));
    bin = join(folder, 'bin');
    mkdirSync(bin);
    for (const name of ['install', 'rm', 'systemctl']) fake(name, '');
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  it('is made by apt-get as root, without services and a first cluster of its own', () => {
    fake(
      'apt-get',
      `echo "$DEBIAN_FRONTEND $RUNLEVEL $SYSTEMD_OFFLINE" > ${folder}/environment; ${putServers()}`,
    );
    expect(install({ uid: 0 })).toEqual({ status: 0, message: '' });
    expect(calls()).toEqual([
      `install -D -m 644 SCRATCH ${clusterFile}`,
      `apt-get install --yes --no-install-recommends ${packages}`,
      ...disabling,
      `rm -f ${clusterFile}`,
    ]);
    expect(readFileSync(join(folder, 'environment'), 'utf8')).toBe('noninteractive 1 1\n');
  });

  it('reads the lists of packages where that was never done, and tries again', () => {
    const updated = join(folder, 'updated');
    fake(
      'apt-get',
      `[ "$1" = update ] && touch ${updated} && exit; [ -e ${updated} ] || exit 100; ${putServers()}`,
    );
    expect(install({ uid: 0 }).status).toBe(0);
    const installation = `apt-get install --yes --no-install-recommends ${packages}`;
    expect(calls().filter((call) => call.startsWith('apt-get'))).toEqual([
      installation,
      'apt-get update',
      installation,
    ]);
  });

  it.each([
    ['without being asked for a password where there is no terminal', false, 'sudo -n'],
    ['as the person in front of the terminal allows', true, 'sudo'],
  ])('is made through sudo by anybody else, %s', (_, terminal, sudo) => {
    fake('apt-get', putServers());
    fake('sudo', 'if [ "$1" = -n ]; then shift; fi; exec "$@"');
    expect(install({ uid: 1000, terminal })).toEqual({ status: 0, message: '' });
    expect(calls().filter((call) => call.startsWith('sudo'))).toEqual([
      ...(terminal ? [] : ['sudo -n true']),
      `${sudo} install -D -m 644 SCRATCH ${clusterFile}`,
      `${sudo} env ${quietly} ${bin}/apt-get install --yes --no-install-recommends ${packages}`,
      ...disabling.map((call) => `${sudo} ${call}`),
      `${sudo} rm -f ${clusterFile}`,
    ]);
  });

  it('is not begun where sudo would ask for a password that nobody can type', () => {
    fake('apt-get', putServers());
    fake('sudo', 'exit 1');
    const { status, message } = install({ uid: 1000 });
    expect(status).toBe(1);
    expect(message).toContain('Not installed: PostgreSQL 15 or newer, Redis, NATS server, Caddy.');
    expect(calls()).toEqual(['sudo -n true']);
  });

  it('is made by Homebrew where there is no apt-get', () => {
    fake('brew', putServers());
    expect(install({ uid: 1000 })).toEqual({ status: 0, message: '' });
    expect(calls()).toEqual(['brew install postgresql@15 redis nats-server caddy']);
  });

  it('fails with what the installer said last', () => {
    fake('brew', 'echo "Error: No such keg" >&2; exit 1');
    const { status, message } = install({ uid: 1000 });
    expect(status).toBe(1);
    expect(message).toContain('Error: No such keg\n');
  });

  /** A program that writes down how it was called before it does anything. */
  function fake(name: string, script: string): void {
    const path = join(bin, name);
    writeFileSync(path, `#!/bin/sh\necho "${name} $*" >> ${folder}/calls\n${script}\n`);
    chmodSync(path, 0o755);
  }

  function putServers(): string {
    const postgres = join(folder, 'postgresql/15/bin');
    const programs = [
      ...['postgres', 'initdb'].map((name) => join(postgres, name)),
      ...['redis-server', 'nats-server', 'caddy'].map((name) => join(bin, name)),
    ];
    return `mkdir -p ${postgres}; touch ${programs.join(' ')}; chmod +x ${programs.join(' ')}`;
  }

  function calls(): string[] {
    const written = readFileSync(join(folder, 'calls'), 'utf8').trimEnd();
    return written.replaceAll(/\S+\/createcluster\.conf/g, 'SCRATCH').split('\n');
  }

  function install({ uid, terminal = false }: { uid: number; terminal?: boolean }) {
    const url = pathToFileURL(join(workspace, 'tools/bootstrap/install-programs.mjs')).href;
    const folders = { usual: [bin], postgres: [join(folder, 'postgresql/15/bin')] };
    const script = `
      import { installMissingPrograms } from ${JSON.stringify(url)};
      process.getuid = () => ${uid};
      process.stdin.isTTY = ${terminal};
      try {
        installMissingPrograms(() => (${JSON.stringify(folders)}));
      } catch (error) {
        console.error(error.message);
        process.exitCode = 1;
      }`;
    const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      env: { PATH: `${bin}:/usr/bin:/bin` },
      stdio: ['ignore', 'ignore', 'pipe'],
      encoding: 'utf8',
    });
    return { status, message: stderr };
  }
});
