/**
 * Operating-system users of runs. Started as root, the engine gives each run a user id of its own, without a name,
 * password or home in /etc/passwd, so that a hosted app can read neither the platform's files and sockets nor another
 * app's, and everything it ever started is known by its owner. Started as anyone else it can't, and says so.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chownSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A range that neither people, system services, /etc/subuid nor container managers hand out; its end is 2^31 - 1. */
const RANGE_START = 1_879_048_192;
/** Installations on one machine get a part each, by the hash of their folder: 4,096 parts of 65,536 ids. */
const PARTS = 4_096;
const IDS_PER_PART = 65_536;

export interface Isolation {
  isolated: boolean;
  reason?: string;
}

export class RunUsers {
  private constructor(
    private readonly file: string,
    private readonly base: number,
    readonly isolation: Isolation,
    private readonly setpriv: string[] | null,
  ) {}

  /** @param folder of the engine; it must exist */
  static open(folder: string, switchedOff: boolean): RunUsers {
    const part = createHash('sha256').update(folder).digest().readUInt32BE() % PARTS;
    const base = RANGE_START + part * IDS_PER_PART;
    const setpriv = spawnSync('setpriv', ['--version']).stdout?.toString().includes('util-linux')
      ? ['setpriv', '--clear-groups', '--no-new-privs', '--bounding-set=-all', '--inh-caps=-all']
      : null;
    return new RunUsers(
      join(folder, 'next-user'),
      base,
      switchedOff ? { isolated: false, reason: 'it is switched off' } : probe(folder, base),
      setpriv,
    );
  }

  /**
   * The user of a new run. An id comes round again after 65,536 runs; one that `inUse` names is skipped.
   * @returns null when runs can't have users of their own
   */
  assign(inUse: ReadonlySet<number>): number | null {
    if (!this.isolation.isolated) return null;
    let next = this.readNext();
    while (inUse.has(this.base + next)) next = (next + 1) % IDS_PER_PART;
    writeFileSync(this.file, String((next + 1) % IDS_PER_PART), { mode: 0o600 });
    return this.base + next;
  }

  /**
   * How to start a program as the user: `uid` is for `spawn`, which drops the supplementary groups as well; where
   * setpriv is there it does that and also closes the way back (setuid programs, capabilities).
   */
  become(uid: number | null, argv: string[]): { argv: string[]; uid: number | null } {
    if (uid === null || !this.setpriv) return { argv, uid };
    return { argv: [...this.setpriv, `--reuid=${uid}`, `--regid=${uid}`, '--', ...argv], uid: null };
  }

  /** Ids that runs of this installation have; null when they can't have any of their own. */
  get range(): { first: number; last: number } | null {
    return this.isolation.isolated ? { first: this.base, last: this.base + IDS_PER_PART - 1 } : null;
  }

  private readNext(): number {
    try {
      return Number.parseInt(readFileSync(this.file, 'utf8'), 10) % IDS_PER_PART || 0;
    } catch {
      return 0;
    }
  }
}

/** Tries what a run will need: to become the user, to reach the engine's folder, and to execute Node. */
function probe(folder: string, uid: number): Isolation {
  if (process.getuid?.() !== 0) {
    return {
      isolated: false,
      reason: 'Capsule was not started as root, so hosted apps run as the same user',
    };
  }
  const own = mkdtempSync(join(folder, 'probe-'));
  try {
    chownSync(own, uid, uid);
    for (const path of [own, process.execPath]) {
      const { status, error } = spawnSync('/bin/ls', [path], { uid, gid: uid, env: {} });
      if (error)
        return {
          isolated: false,
          reason: `this system lets root not become another user (${error.message})`,
        };
      if (status !== 0) {
        return {
          isolated: false,
          reason: `unprivileged users can't reach ${path === own ? folder : path}; move it out of a private folder`,
        };
      }
    }
    return { isolated: true };
  } finally {
    rmSync(own, { recursive: true, force: true });
  }
}
