import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type AppName, appNames } from '@capsule/contracts';
import { serveControl } from './control.js';
import { endWhenTold } from './end-when-told.js';
import {
  addMissingSecrets,
  ensureEnvironmentFile,
  mendKeyPair,
  readEnvironment,
} from './environment-file.js';
import { environmentOddities } from './environment-oddities.js';
import { chooseHome, type Home, openHome } from './home.js';
import { isolationNote } from './hosted-apps.js';
import { Platform, type PlatformOptions } from './platform.js';
import type { Reporter } from './reporter.js';
import { withHomePaths } from './services.js';
import { statusOf } from './status.js';
import { claimHome, releaseHome } from './supervisor-lock.js';

export interface RunOptions extends PlatformOptions {
  workspace: string;
  reporter: Reporter;
  /** Variables that go before those of the environment and `.env`. */
  overrides?: Record<string, string>;
  /** Called once every service is ready. The platform ends after it, so it gives up when `ended` aborts. */
  onReady?(running: RunningPlatform): Promise<void> | void;
}

export interface RunningPlatform {
  platform: Platform;
  home: Home;
  source: Readonly<Record<string, string | undefined>>;
  /** Aborts when the platform is told to end. */
  ended: AbortSignal;
}

/**
 * Runs the platform in this process until SIGINT, SIGTERM, SIGHUP or `npm stop` ends it, or nobody reads its output.
 * @throws AlreadyRunningError when another supervisor has the home; otherwise the reason why the platform could not
 * start, after everything that did start was stopped.
 */
export async function runPlatform(options: RunOptions): Promise<void> {
  const { workspace, reporter } = options;
  const end = endWhenTold();
  // Files that variables name are relative to the checkout, where the services run.
  process.chdir(workspace);
  const path = chooseHome(workspace, readEnvironment(workspace, process.env)['CAPSULE_HOME']);
  const hasData = existsSync(join(path, 'servers', 'postgres-auth'));
  const home = openHome(path);
  claimHome(home);
  try {
    if (ensureEnvironmentFile(workspace, path)) {
      reporter.note('Wrote .env with generated secrets.');
      if (hasData)
        reporter.note('The accounts in this data were made with other secrets; npm run reset begins anew.');
    }
    // Servers of others may have data of which nothing is known here.
    const mayHaveData = hasData || options.externalServers === true;
    const added = addMissingSecrets(workspace, path, process.env, mayHaveData);
    if (added.length > 0)
      reporter.note(`Added to .env what it lacked, with generated secrets: ${added.join(', ')}.`);
    for (const oddity of environmentOddities(workspace)) reporter.note(oddity);
    const source = withHomePaths(readEnvironment(workspace, process.env), home, workspace, options);
    mendKeyPair(source, workspace, path);
    await runUntilEnded(home, { ...source, ...options.overrides }, options, end);
  } finally {
    releaseHome(home);
  }
}

async function runUntilEnded(
  home: Home,
  source: RunningPlatform['source'],
  options: RunOptions,
  end: AbortController,
): Promise<void> {
  const { workspace, reporter } = options;
  const startedAt = performance.now();
  const platform = new Platform(workspace, home, source, reporter, options);
  const ended = once(end.signal, 'abort');
  end.signal.addEventListener('abort', () => platform.startNoMore());

  let tellStopped = () => {};
  const stopped = new Promise<void>((resolve) => (tellStopped = resolve));
  let tellReady = (_isReady: boolean) => {};
  const ready = new Promise<boolean>((resolve) => (tellReady = resolve));
  const control = await serveControl(home.controlSocket, {
    status: () => statusOf(platform.processes),
    /** Answers when it is known whether the platform is ready, which it is not when it ends before. */
    ready: () => ready,
    stop: () => {
      end.abort();
      return stopped;
    },
    lend: async (client, app) => {
      if (!isAppName(app)) throw new Error(`There is no service named ${app}.`);
      const takeBack = await platform.lend(app);
      client.once('close', () => void takeBack());
    },
  });
  try {
    const started = platform.start();
    // When the end comes first, stopping makes the start fail; nobody waits for it any more.
    started.catch(() => {});
    await Promise.race([started, ended]);
    if (!end.signal.aborted) {
      reporter.step('Capsule is ready', performance.now() - startedAt);
      const isolation = isolationNote(source);
      if (isolation) reporter.note(isolation);
      await options.onReady?.({ platform, home, source, ended: end.signal });
    }
    tellReady(!end.signal.aborted);
    if (!end.signal.aborted) await ended;
  } finally {
    tellReady(false);
    const stopStartedAt = performance.now();
    await platform.stop();
    if (platform.hasBegun) reporter.step('stopped; data stays', performance.now() - stopStartedAt);
    tellStopped();
    control.close();
  }
}

function isAppName(name: string): name is AppName {
  return (appNames as readonly string[]).includes(name);
}
