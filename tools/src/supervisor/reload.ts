import { join } from 'node:path';
import type { AppName } from '@capsule/contracts';
import { build } from '../../bootstrap/workspace.mjs';
import { projectsOf } from './project-references.js';
import type { Reporter } from './reporter.js';
import { watchTree } from './watch-tree.js';

/** An editor writes a file in several steps, and a save-all several files. */
const settleMs = 40;

export interface ReloadOptions {
  workspace: string;
  apps: readonly AppName[];
  reporter: Reporter;
  restart(app: AppName): Promise<void>;
}

/**
 * Watches the sources of the apps and of the libs they are made from. After a change the affected apps are compiled and
 * restarted; when they do not compile, the messages are printed and the old processes stay. Those that could not be
 * brought up to date are tried again with the next change, whichever file it is in.
 * @returns a function that ends it.
 */
export function reloadOnChange({ workspace, apps, reporter, restart }: ReloadOptions): () => void {
  const appsOf = new Map<string, AppName[]>();
  for (const app of apps) {
    for (const project of projectsOf(workspace, join('apps', app))) {
      appsOf.set(project, [...(appsOf.get(project) ?? []), app]);
    }
  }
  const changed = new Set<AppName>();
  let outdated: readonly AppName[] = [];
  let timer: NodeJS.Timeout | undefined;
  let busy = false;

  /** Compiles and restarts the apps. Resolves with those that do not run by their new code. */
  const renew = async (affected: readonly AppName[]): Promise<readonly AppName[]> => {
    const startedAt = performance.now();
    try {
      await build(...affected.map((app) => join(workspace, 'apps', app)));
    } catch (error) {
      reporter.failure((error as Error).message);
      return affected;
    }
    const outcomes = await Promise.allSettled(affected.map((app) => restart(app)));
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') reporter.failure((outcome.reason as Error).message);
    }
    const renewed = affected.filter((_, index) => outcomes[index]?.status === 'fulfilled');
    if (renewed.length > 0) reporter.step(`reloaded ${renewed.join(', ')}`, performance.now() - startedAt);
    return affected.filter((app) => !renewed.includes(app));
  };

  const reload = async () => {
    // One build at a time: two compilers would write the same files of a lib.
    if (busy || changed.size === 0) return;
    busy = true;
    const affected = [...new Set([...outdated, ...changed])];
    changed.clear();
    outdated = await renew(affected);
    busy = false;
    await reload();
  };
  const ends = [...appsOf].map(([project, affected]) =>
    watchTree(join(workspace, project, 'src'), (path) => {
      if (!path.endsWith('.ts') || path.endsWith('.spec.ts')) return;
      for (const app of affected) changed.add(app);
      clearTimeout(timer);
      timer = setTimeout(() => void reload(), settleMs);
    }),
  );
  return () => {
    clearTimeout(timer);
    for (const end of ends) end();
  };
}
