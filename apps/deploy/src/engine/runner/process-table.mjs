/**
 * What the operating system knows about processes: the only file that reads /proc, and the only one that knows there
 * is a `ps` on systems without it (macOS). Plain JavaScript without imports of ours because the runner loads it, too, and
 * outlives every change of the libs. The supervisor asks the same of its servers in a file of its own
 * (tools/src/supervisor/process-identity.ts): neither project may import the other.
 *
 * A process is identified by boot, pid and start time together: a pid alone is given to another process sooner or later.
 */
import { execFileSync } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs';

const LINUX = process.platform === 'linux';
/** USER_HZ, which the kernel fixes at 100 for what it reports in /proc on every architecture Node runs on. */
const TICKS_PER_SECOND = 100;
/** /proc/<pid>/statm counts pages; larger ones exist on some arm64 kernels, whose AT_PAGESZ Node does not tell. */
const PAGE_BYTES = 4096;

/** @typedef {{ pid: number, start: string }} ProcessIdentity */
/** @typedef {{ address: string, port: number, uid: number }} Listener */
/** @typedef {{ pid: number, session: number, start: string, cpuSeconds: number }} ProcessStatus */

/** Changes with every start of the machine. */
export function bootId() {
  if (LINUX) return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return execFileSync('sysctl', ['-n', 'kern.bootsessionuuid'], { encoding: 'utf8' }).trim();
}

/**
 * @param {number} pid
 * @returns {string | null} null when there is no such process, or only its unread exit code is left (a zombie)
 */
export function processStart(pid) {
  return processStatus(pid)?.start ?? null;
}

/** @param {ProcessIdentity} process */
export function isAlive({ pid, start }) {
  return processStart(pid) === start;
}

/**
 * @param {number} pid
 * @returns {ProcessStatus | null}
 */
function processStatus(pid) {
  if (!LINUX) return psStatus(pid);
  const text = readOrNull(`/proc/${pid}/stat`);
  if (text === null) return null;
  // The name in parentheses may hold blanks and parentheses itself; fields are counted from behind it (proc(5)).
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  if (fields[0] === 'Z' || fields[0] === 'X') return null;
  const ticks = [11, 12, 13, 14].reduce((sum, index) => sum + Number(fields[index]), 0);
  return {
    pid,
    session: Number(fields[3]),
    start: fields[19] ?? '',
    cpuSeconds: ticks / TICKS_PER_SECOND,
  };
}

/**
 * One look at all processes: what its questions need is read once, however many runs they are about. Who waits for a
 * change takes another look.
 */
export class ProcessTable {
  #pids = remember(pids);
  #owner = rememberEach(ownerOf);
  #realUid = rememberEach(realUid);
  #status = rememberEach(processStatus);
  #environment = rememberEach(environmentOf);

  /** @param {number} uid @returns {number[]} pids of the living processes of a user */
  ofUser(uid) {
    return this.#pids().filter((pid) => {
      const owner = this.#owner(pid);
      // A process that made itself undumpable shows root as the owner of its folder: its status tells the truth.
      if (owner === uid || (owner === 0 && uid !== 0 && this.#realUid(pid) === uid))
        return this.#status(pid) !== null;
      return false;
    });
  }

  /**
   * For runs that share the user of the platform: what is in the program's session, and what carries the marker in
   * its environment (a daemon leaves the session, but keeps the environment unless it hides on purpose).
   * @param {{ leader: ProcessIdentity | null, marker: string }} run
   * @returns {number[]}
   */
  ofSession({ leader, marker }) {
    const own = process.getuid?.();
    // Without its leader the number of a session may be another one's by now.
    const session = leader && isAlive(leader) ? leader.pid : null;
    return this.#pids().filter((pid) => {
      if (pid === process.pid || (LINUX && this.#owner(pid) !== own)) return false;
      const status = this.#status(pid);
      if (!status) return false;
      return status.session === session || hasMarker(this.#environment(pid), marker);
    });
  }
}

/** @template Value @param {() => Value} read @returns {() => Value} */
function remember(read) {
  const each = rememberEach(read);
  return () => each(0);
}

/** @template Value @param {(pid: number) => Value} read @returns {(pid: number) => Value} */
function rememberEach(read) {
  /** @type {Map<number, Value>} */
  const known = new Map();
  return (pid) => {
    const value = known.has(pid) ? /** @type {Value} */ (known.get(pid)) : read(pid);
    known.set(pid, value);
    return value;
  };
}

/**
 * CPU seconds (children that ended and were waited for included) and resident bytes; what ended meanwhile counts nothing.
 * @param {readonly number[]} pidList
 */
export function usageOf(pidList) {
  let cpuSeconds = 0;
  let memoryBytes = 0;
  for (const pid of pidList) {
    const status = processStatus(pid);
    if (!status) continue;
    cpuSeconds += status.cpuSeconds;
    memoryBytes += residentBytes(pid);
  }
  return { cpuSeconds, memoryBytes };
}

/** Where connections to 127.0.0.1 arrive, as /proc writes it; elsewhere on loopback anybody may listen beside. */
const ARRIVALS = new Set([
  '0100007F',
  '00000000',
  '00000000000000000000000000000000',
  '0000000000000000FFFF00000100007F',
]);

/**
 * Users whose processes take the connections to a TCP port of 127.0.0.1; null where the system doesn't tell.
 * @param {number} port
 * @returns {number[] | null}
 */
export function listeningUsers(port) {
  if (!LINUX) return null;
  const usersIn = (/** @type {string} */ table) =>
    listenersIn(table)
      .filter((listener) => listener.port === port && ARRIVALS.has(listener.address))
      .map(({ uid }) => uid);
  // A socket of version 6 takes connections of version 4 only where no other holds the port.
  const users = usersIn('/proc/net/tcp');
  return users.length > 0 ? users : usersIn('/proc/net/tcp6');
}

/**
 * Who listens on which ports of a range, on whatever address; nobody where the system doesn't tell.
 * @param {number} min
 * @param {number} max
 * @returns {Listener[]}
 */
export function listenersBetween(min, max) {
  if (!LINUX) return [];
  return ['/proc/net/tcp', '/proc/net/tcp6']
    .flatMap(listenersIn)
    .filter(({ port }) => port >= min && port <= max);
}

/**
 * A row is: number, local address, remote address, state (0A is LISTEN), queues, timer, retransmits, uid. The kernel
 * lists these first, and what follows may be tens of thousands of closed connections, so no more is read; as many may
 * listen, so each row is looked at once.
 * @param {string} table
 * @returns {Listener[]}
 */
function listenersIn(table) {
  /** @type {Listener[]} */
  const listeners = [];
  let rest = '';
  const buffer = Buffer.alloc(32 * 1024);
  const descriptor = openSync(table, 'r');
  try {
    for (;;) {
      const length = readSync(descriptor, buffer);
      if (length === 0) return listeners;
      const rows = (rest + buffer.toString('latin1', 0, length)).split('\n');
      rest = rows.pop() ?? '';
      for (const row of rows) {
        const [number, local = '', , state, , , , uid] = row.trim().split(/\s+/);
        if (number === 'sl') continue;
        if (state !== '0A') return listeners;
        const [address = '', port = ''] = local.split(':');
        listeners.push({ address, port: Number.parseInt(port, 16), uid: Number(uid) });
      }
    }
  } finally {
    closeSync(descriptor);
  }
}

/** @returns {number[]} */
function pids() {
  if (LINUX)
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  return execFileSync('ps', ['-axo', 'pid='], { encoding: 'utf8' }).trim().split(/\s+/).map(Number);
}

/** @param {number} pid */
function ownerOf(pid) {
  return statSync(`/proc/${pid}`, { throwIfNoEntry: false })?.uid;
}

/** @param {number} pid */
function realUid(pid) {
  return Number(/^Uid:\t(\d+)/m.exec(readOrNull(`/proc/${pid}/status`) ?? '')?.[1] ?? -1);
}

/** @param {number} pid */
function environmentOf(pid) {
  if (LINUX) return `\0${readOrNull(`/proc/${pid}/environ`) ?? ''}`;
  return psColumn(pid, ['-E', '-o', 'command=']);
}

/** @param {string} environment @param {string} marker */
function hasMarker(environment, marker) {
  return LINUX ? environment.includes(`\0${marker}\0`) : environment.includes(` ${marker}`);
}

/** @param {number} pid */
function residentBytes(pid) {
  if (LINUX) return Number(readOrNull(`/proc/${pid}/statm`)?.split(' ')[1] ?? 0) * PAGE_BYTES;
  return Number(psColumn(pid, ['-o', 'rss='])) * 1024;
}

/** @param {number} pid @returns {ProcessStatus | null} */
function psStatus(pid) {
  const line = psColumn(pid, ['-o', 'state=,pgid=,cputime=,lstart=']);
  const match = /^(\S+)\s+(\d+)\s+(?:(\d+):)?(\d+):([\d.]+)\s+(.+)$/.exec(line);
  if (!match || match[1]?.startsWith('Z')) return null;
  const [, , group, hours = '0', minutes, seconds, start = ''] = match;
  // ps of macOS shows no session; the program leads a group of its own, which serves as well.
  const cpuSeconds = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
  return { pid, session: Number(group), start, cpuSeconds };
}

/** @param {number} pid @param {string[]} options */
function psColumn(pid, options) {
  try {
    return execFileSync('ps', [...options, '-p', String(pid)], { encoding: 'utf8' }).trim();
  } catch {
    return '';
  }
}

/** @param {string} path @returns {string | null} null when the process is gone or closed to us */
function readOrNull(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
