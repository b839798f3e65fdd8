// Installs the servers that are missing. Debian's packages start their server and, for PostgreSQL, make a first
// cluster as soon as they are unpacked. Capsule runs its own private instances, so neither may happen: the machine
// should hold nothing more than the programs afterwards.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { note } from './progress.mjs';
import { findProgram, missingPrograms, requiredPrograms, systemFolders } from './programs.mjs';

const composeAlternative =
  'Or run the servers in containers instead: npm run infrastructure:up (needs Docker with Compose).';

// RUNLEVEL and SYSTEMD_OFFLINE keep maintainer scripts from starting a system service without changing the machine's policy.
const quietly = ['DEBIAN_FRONTEND=noninteractive', 'RUNLEVEL=1', 'SYSTEMD_OFFLINE=1'];

/**
 * Makes every required program available, or throws an error that says exactly what to type.
 * The folders to look in are read again after the installation, which may have made some.
 * @param {() => import('./programs.mjs').ProgramFolders} folders
 * @param {import('./programs.mjs').Program[]} programs
 */
export function installMissingPrograms(folders = systemFolders, programs = requiredPrograms) {
  const missing = missingPrograms(folders(), programs);
  if (missing.length === 0) return;
  const apt = findProgram('apt-get', folders());
  const brew = findProgram('brew', folders());
  if (apt) installByApt(apt, missing);
  else if (brew) run(brew, ['install', ...missing.map((program) => program.brew)], missing);

  const stillMissing = missingPrograms(folders(), programs);
  if (stillMissing.length > 0) throw missingError(stillMissing);
}

function installByApt(apt, missing) {
  const packages = missing.map((program) => program.apt);
  const asRoot = rootPrefix();
  if (!asRoot) throw missingError(missing);
  const withoutMainCluster = packages.includes('postgresql') ? forbidMainCluster(asRoot) : () => {};
  try {
    const install = [
      ...asRoot,
      'env',
      ...quietly,
      apt,
      'install',
      '--yes',
      '--no-install-recommends',
      ...packages,
    ];
    if (spawnSync(install[0], install.slice(1), { stdio: ['inherit', 'ignore', 'ignore'] }).status !== 0) {
      // A machine that never ran `apt-get update` knows no package; that costs seconds, so only after a failure.
      const update = [...asRoot, apt, 'update'];
      run(update[0], update.slice(1), missing);
      run(install[0], install.slice(1), missing);
    }
    keepServicesOff(asRoot, packages);
  } finally {
    withoutMainCluster();
  }
}

/** The words to put before a command that needs root: none, sudo, or undefined when there is no way. */
function rootPrefix() {
  if (process.getuid?.() === 0) return [];
  const sudo = findProgram('sudo');
  if (!sudo) return undefined;
  if (process.stdin.isTTY) return [sudo];
  return spawnSync(sudo, ['-n', 'true'], { stdio: 'ignore' }).status === 0 ? [sudo, '-n'] : undefined;
}

/** Tells Debian's PostgreSQL package not to create a cluster, by a drop-in that is taken away again. */
function forbidMainCluster(asRoot) {
  const target = '/etc/postgresql-common/createcluster.d/capsule.conf';
  if (existsSync(target)) return () => {};
  const scratch = mkdtempSync(join(tmpdir(), 'capsule-'));
  const source = join(scratch, 'createcluster.conf');
  writeFileSync(source, 'create_main_cluster = false\n');
  const place = [...asRoot, 'install', '-D', '-m', '644', source, target];
  spawnSync(place[0], place.slice(1), { stdio: 'inherit' });
  return () => {
    rmSync(scratch, { recursive: true });
    const remove = [...asRoot, 'rm', '-f', target];
    spawnSync(remove[0], remove.slice(1), { stdio: 'inherit' });
  };
}

/** The packages enable their service for the next boot; those just installed are for Capsule alone. */
function keepServicesOff(asRoot, packages) {
  if (!existsSync('/run/systemd/system')) return;
  const services = packages.map((name) => `${name}.service`);
  const disable = [...asRoot, 'systemctl', 'disable', '--quiet', ...services];
  if (spawnSync(disable[0], disable.slice(1), { stdio: 'ignore' }).status !== 0) {
    note(
      `These system services may start at the next boot, though Capsule does not use them: ${services.join(', ')}`,
    );
  }
}

function run(command, args, missing) {
  const result = spawnSync(command, args, { stdio: ['inherit', 'ignore', 'pipe'], encoding: 'utf8' });
  if (result.status === 0) return;
  throw missingError(missing, result.stderr?.trim().split('\n').slice(-5).join('\n') ?? String(result.error));
}

function missingError(missing, reason = '') {
  const titles = missing.map((program) => program.title).join(', ');
  const command =
    process.platform === 'darwin'
      ? `brew install ${missing.map((program) => program.brew).join(' ')}`
      : `sudo apt-get update && sudo apt-get install --no-install-recommends ${missing.map((program) => program.apt).join(' ')}`;
  return new Error(
    [`Not installed: ${titles}.`, reason, `Install with:  ${command}`, composeAlternative]
      .filter(Boolean)
      .join('\n'),
  );
}
