import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { appNames } from '@capsule/contracts';
import { ask, openControl } from './control.js';
import { readEnvironment } from './environment-file.js';
import { chooseHome, type Home, openHome } from './home.js';
import { endProcess, livingRecords, type ProcessRecord, removeRecord } from './process-record.js';
import { endHostedApps } from './hosted-apps.js';
import { withHomePaths } from './services.js';
import { terminalReporter as terminal } from './reporter.js';
import { type ProcessStatus, renderStatus } from './status.js';
import { supervisorOf } from './supervisor-lock.js';

export async function stop(workspace: string): Promise<number> {
  await stopHome(workspace, homeOf(workspace));
  return 0;
}

export async function status(workspace: string): Promise<number> {
  const home = homeOf(workspace);
  if (supervisorOf(home)) {
    const socket = await openControl(home.controlSocket);
    console.log(renderStatus(await ask<ProcessStatus[]>(socket, 'status')));
    socket.destroy();
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

/** Everything the platform keeps is lost, so it asks unless told `--yes`. Keys stay: `.env` names them. */
export async function reset(workspace: string, confirmed: boolean): Promise<number> {
  const home = homeOf(workspace);
  if (
    !confirmed &&
    !(await confirm(`This deletes all databases, streams, archives and apps in ${home.path}.`))
  ) {
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
  if (supervisorOf(home)) {
    const socket = await openControl(home.controlSocket);
    await ask(socket, 'stop');
    socket.destroy();
    while (supervisorOf(home)) await sleep(20);
    terminal.step('stopped; data stays', performance.now() - startedAt);
    return;
  }
  const left = livingRecords(home.run);
  const [services, servers] = [left.filter(isService), left.filter((record) => !isService(record))];
  await Promise.all(services.map((record) => endProcess(record, record)));
  // Apps outlive everything that is killed, so they are looked for even when nothing else is left.
  await endHostedApps(workspace, withHomePaths(readEnvironment(workspace, process.env), home, workspace));
  await Promise.all(servers.map((record) => endProcess(record, record)));
  for (const { name } of left) removeRecord(home.run, name);
  if (left.length === 0) return terminal.note('Capsule is not running.');
  terminal.step('stopped what was left behind', performance.now() - startedAt, `${left.length} processes`);
}

function isService({ name }: ProcessRecord): boolean {
  return (appNames as readonly string[]).includes(name);
}

async function confirm(what: string): Promise<boolean> {
  if (!process.stdin.isTTY) {
    terminal.note(`${what} There is no terminal to ask in.`);
    return false;
  }
  const terminalInput = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await terminalInput.question(`${what}\nType yes to go on: `);
  terminalInput.close();
  return answer.trim() === 'yes';
}

function homeOf(workspace: string): Home {
  return openHome(chooseHome(workspace, readEnvironment(workspace, process.env)['CAPSULE_HOME']));
}
