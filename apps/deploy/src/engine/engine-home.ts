import { chmodSync, mkdirSync, readdirSync, realpathSync, writeFileSync } from 'node:fs';
import { lchown, mkdir, readdir } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { ControlGroups } from './control-groups.js';
import { DeploymentLogs } from './deployment-logs.js';
import { removeLeftFiles } from './left-files.js';
import { removeFolder } from './remove-folder.js';
import { Run, type RunContext } from './run.js';
import { RunUsers } from './run-users.js';
import { searchPath } from './start-command.js';

/** What runs are for; each kind has a folder. */
export type RunKind = 'instances' | 'builds' | 'fetches';
const KINDS: readonly RunKind[] = ['instances', 'builds', 'fetches'];

export interface EngineHomeSettings {
  folder: string;
  /** Bytes kept of the log of a deployment. */
  logBytesMax: number;
  /** What this machine may offer and must not be used: so specs stand for lesser machines. */
  without?: readonly ('control groups' | 'users')[];
}

const LOG_BYTES_PER_SECOND = 1024 * 1024;

/**
 * The folder everything of the embedded engine lies in, and what this machine lets it do there:
 *
 *     instances/<instance>/   builds/<deployment>/   fetches/<deployment>/   runs, see run.ts
 *     sources/<deployment>/                                                  unpacked sources
 *     logs/<deployment>/                                                     chunks, see runner/log-ring.mjs
 *     machine.json                                                           what this machine allows, for who starts the platform
 *
 * Folders on the way to a run may be passed (0711), not listed, by the users of runs.
 */
export class EngineHome {
  readonly logs: DeploymentLogs;
  readonly users: RunUsers;
  readonly groups: ControlGroups | null;
  private readonly folder: string;
  private readonly context: RunContext;

  constructor(settings: EngineHomeSettings) {
    const { without = [] } = settings;
    mkdirSync(settings.folder, { recursive: true, mode: 0o711 });
    const folder = realpathSync(settings.folder);
    this.folder = folder;
    chmodSync(folder, 0o711);
    for (const kind of KINDS) mkdirSync(join(folder, kind), { recursive: true, mode: 0o711 });
    for (const kept of ['sources', 'logs']) mkdirSync(join(folder, kept), { recursive: true, mode: 0o700 });
    this.logs = new DeploymentLogs(join(folder, 'logs'));
    this.users = RunUsers.open(folder, without.includes('users'));
    const installation = createHash('sha256').update(folder).digest('hex').slice(0, 12);
    this.groups = without.includes('control groups') ? null : ControlGroups.open(installation);
    this.context = {
      groups: this.groups,
      users: this.users,
      logBytesMax: settings.logBytesMax,
      logBytesPerSecond: LOG_BYTES_PER_SECOND,
    };
    const machine = { ...this.users.isolation, memoryLimit: this.groups ? 'cgroup' : 'watchdog' };
    writeFileSync(join(folder, 'machine.json'), `${JSON.stringify(machine)}\n`, { mode: 0o600 });
  }

  pathOf(kind: RunKind | 'sources', id: string): string {
    return join(this.folder, kind, id);
  }

  /** A new run with an empty app folder. What lay there of an earlier attempt is ended and removed. */
  async prepare(kind: RunKind, id: string): Promise<Run> {
    await this.forget(kind, id, 0);
    const folder = this.pathOf(kind, id);
    const run = await Run.prepare(folder, this.users.assign(this.usersInUse()), this.context);
    for (const place of ['home', 'tmp']) await mkdir(join(run.filesFolder, place), { mode: 0o700 });
    return run;
  }

  find(kind: RunKind, id: string): Run | null {
    return Run.find(this.pathOf(kind, id), this.context);
  }

  list(kind: RunKind): string[] {
    return readdirSync(join(this.folder, kind));
  }

  /** Everything that was prepared and not forgotten, of every kind. */
  runs(): Run[] {
    return KINDS.flatMap((kind) => this.list(kind).map((id) => this.find(kind, id))).filter(
      (run) => run !== null,
    );
  }

  /** Ends the run if there is one and removes its folder, and before that what it left elsewhere. */
  async forget(kind: RunKind, id: string, graceSeconds: number): Promise<void> {
    const run = this.find(kind, id);
    await run?.end(graceSeconds);
    if (typeof run?.uid === 'number') await removeLeftFiles(run.uid);
    await removeFolder(this.pathOf(kind, id));
  }

  /** Hands the files of a run that nothing was started in yet to its user. */
  async giveFiles(run: Run): Promise<void> {
    if (run.uid !== null) await changeOwner(run.filesFolder, run.uid);
  }

  /** The environment every program gets; nothing of the platform's own is in it. */
  environment(run: Run): Record<string, string> {
    return {
      PATH: searchPath(join(run.filesFolder, 'app')),
      HOME: join(run.filesFolder, 'home'),
      TMPDIR: join(run.filesFolder, 'tmp'),
      LANG: 'C.UTF-8',
    };
  }

  /** Ends everything that runs. Its folders stay, so that the next life of the service knows what has ended. */
  async endAll(graceSeconds: number): Promise<number> {
    const runs = this.runs();
    const running = runs.filter((run) => run.status().state === 'running');
    await Promise.all(runs.map((run) => run.end(graceSeconds)));
    return running.length;
  }

  /** Leaves the machine as it was found; nothing may run any more. What lies in the folder stays. */
  close(): void {
    this.groups?.close();
  }

  private usersInUse(): Set<number> {
    return new Set(
      this.runs()
        .map(({ uid }) => uid)
        .filter((uid) => uid !== null),
    );
  }
}

async function changeOwner(path: string, uid: number): Promise<void> {
  await lchown(path, uid, uid);
  for (const entry of await readdir(path, { withFileTypes: true })) {
    const child = join(path, entry.name);
    if (entry.isDirectory()) await changeOwner(child, uid);
    else await lchown(child, uid, uid);
  }
}
