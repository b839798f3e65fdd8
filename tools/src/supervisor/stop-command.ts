import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { confirm, ownTerminal, type Terminal } from '../confirm.js';
import { ask, callSupervisor } from './control.js';
import { readEnvironment } from './environment-file.js';
import { exitCodeOf } from './exit-code.js';
import { chooseHome, type Home, openHome } from './home.js';
import { endProcess, livingRecords, removeRecord } from './process-record.js';
import { endHostedApps } from './hosted-apps.js';
import { isOwnProgram, withHomePaths } from './services.js';
import { terminalReporter as terminal } from './reporter.js';
import { type ProcessStatus, renderStatus } from './status.js';
import { supervisorOf } from './supervisor-lock.js';

export function stop(workspace: string): Promise<number> {
  return exitCodeOf(terminal, () => stopHome(workspace, homeOf(workspace)));
}

export function status(workspace: string): Promise<number> {
  return exitCodeOf(terminal, () => showStatus(homeOf(workspace)));
}

/** Everything the platform keeps is lost, so it asks unless told `--yes`. Keys stay: `.env` names them. */
export function reset(workspace: string, confirmed: boolean, asked: Terminal = ownTerminal): Promise<number> {
  return exitCodeOf(terminal, () => resetHome(workspace, homeOf(workspace), confirmed, asked));
}

async function showStatus(home: Home): Promise<number> {
  const socket = await callSupervisor(home);
  if (socket) {
    const rows = await ask<ProcessStatus[]>(socket, 'status').finally(() => socket.destroy());
    console.log(renderStatus(rows));
    return 0;
  }
  const left = livingRecords(home.run).map((record) => `${record.name} (process ${record.pid})`);
  console.log(`Capsule is not running on ${home.path}. npm start starts it.`);
  if (left.length > 0) {
    console.log(
      `Its supervisor was killed and left these behind, which npm start or npm stop ends: ${left.join(', ')}.`,
    );
  }
  return 1;
}

async function resetHome(
  workspace: string,
  home: Home,
  confirmed: boolean,
  asked: Terminal,
): Promise<number> {
  const what = `This deletes all databases, streams, archives and apps in ${home.path}.`;
  if (!confirmed && !(await confirm(what, asked))) {
    terminal.note('Nothing was deleted. npm run reset -- --yes deletes without asking.');
    return 1;
  }
  await stopHome(workspace, home);
  for (const folder of ['servers', 'secrets', 'storage', 'instances', 'logs', 'run', 'sockets']) {
    rmSync(join(home.path, folder), { recursive: true, force: true });
  }
  terminal.note(`Deleted the data in ${home.path}. The next npm start begins anew.`);
  return 0;
}

async function stopHome(workspace: string, home: Home): Promise<void> {
  const startedAt = performance.now();
  const socket = await callSupervisor(home);
  if (socket) {
    await ask(socket, 'stop').finally(() => socket.destroy());
    while (supervisorOf(home)) await sleep(20);
    terminal.step('stopped; data stays', performance.now() - startedAt);
    return;
  }
  const left = livingRecords(home.run);
  const ownPrograms = left.filter(isOwnProgram);
  const servers = left.filter((record) => !isOwnProgram(record));
  await Promise.all(ownPrograms.map((record) => endProcess(record, record)));
  // Apps outlive everything that is killed, so they are looked for even when nothing else is left.
  await endHostedApps(workspace, withHomePaths(readEnvironment(workspace, process.env), home, workspace));
  await Promise.all(servers.map((record) => endProcess(record, record)));
  for (const { name } of left) removeRecord(home.run, name);
  if (left.length === 0) return terminal.note('Capsule is not running.');
  terminal.step('stopped what was left behind', performance.now() - startedAt, `${left.length} processes`);
}

function homeOf(workspace: string): Home {
  return openHome(chooseHome(workspace, readEnvironment(workspace, process.env)['CAPSULE_HOME']));
}
