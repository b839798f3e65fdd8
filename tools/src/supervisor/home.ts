import { createHash } from 'node:crypto';
import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { canEnter, serverUser, type SystemUser } from './server-user.js';

/** The folder of one copy of the platform and what lies where in it. */
export interface Home {
  path: string;
  /** Set when started by root: owns the servers' folders. */
  user: SystemUser | undefined;
  logs: string;
  /** Generated passwords that are the supervisor's alone. */
  secrets: string;
  /** Process records and the supervisor's own lock. */
  run: string;
  controlSocket: string;
  edgeAdminSocket: string;
}

/** Linux allows 107 bytes for a socket's path, macOS 103. */
const longestSocketPath = 100;

/**
 * Chooses where data goes: CAPSULE_HOME when given, else `.capsule` in the checkout, else, where root's servers run
 * as a user who cannot enter the checkout (/root is 0700), a state folder named after the checkout.
 */
export function chooseHome(workspace: string, wanted: string | undefined): string {
  if (wanted) return resolve(wanted);
  const user = serverUser();
  if (!user || canEnter(user, workspace)) return join(workspace, '.capsule');
  const hash = createHash('sha256').update(realpathSync(workspace)).digest('hex').slice(0, 12);
  return join('/var/lib/capsule', hash);
}

/** Creates the folders with the modes that keep secrets in. Repeating it mends modes. */
export function openHome(path: string): Home {
  const user = serverUser();
  // Others may pass through to their own folder when the servers are somebody else, but never look around.
  makeFolder(path, user ? 0o711 : 0o700);
  for (const folder of ['servers', 'sockets']) makeFolder(join(path, folder), user ? 0o711 : 0o700);
  if (user && !canEnter(user, path)) {
    throw new Error(
      `The servers run as the user ${user.name}, who cannot enter ${path}. Set CAPSULE_HOME to a folder that user can reach.`,
    );
  }
  const home: Home = {
    path,
    user,
    logs: join(path, 'logs'),
    secrets: join(path, 'secrets'),
    run: join(path, 'run'),
    controlSocket: socketPath(path, 'control', 'control.sock'),
    edgeAdminSocket: socketPath(path, 'edge-admin', 'admin.sock'),
  };
  for (const folder of [home.logs, home.secrets, home.run]) makeFolder(folder, 0o700);
  makeFolder(dirname(home.controlSocket), 0o700);
  makeFolder(dirname(home.edgeAdminSocket), 0o700, user);
  return home;
}

/** A server's own folder, closed to everybody but the user it runs as. */
export function serverFolder(home: Home, name: string): string {
  const folder = join(home.path, 'servers', name);
  makeFolder(folder, 0o700, home.user);
  return folder;
}

/** The socket in a folder of its own, under the system's temporary folder when the home's path is too long for one. */
function socketPath(home: string, folder: string, file: string): string {
  const inside = join(home, 'sockets', folder, file);
  if (Buffer.byteLength(inside) <= longestSocketPath) return inside;
  const hash = createHash('sha256').update(home).digest('hex').slice(0, 16);
  return join(tmpdir(), `capsule-${hash}-${folder}`, file);
}

function makeFolder(path: string, mode: number, owner?: SystemUser): void {
  const parent = dirname(path);
  if (!existsSync(parent)) makeFolder(parent, 0o755);
  if (!existsSync(path)) mkdirSync(path, { mode });
  const found = lstatSync(path);
  const own = process.getuid?.();
  // In a shared temporary folder somebody else may have been there first.
  if (!found.isDirectory() || (found.uid !== own && found.uid !== owner?.uid)) {
    throw new Error(`${path} is not a folder of the user who starts Capsule. Remove it or set CAPSULE_HOME.`);
  }
  if (owner && found.uid !== owner.uid) chownSync(path, owner.uid, owner.gid);
  if ((found.mode & 0o777) !== mode) chmodSync(path, mode);
}
