/** What the five services cost when nobody asks them for anything, with the demo app running. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { appNames } from '@capsule/contracts';
import { deployDemo } from '../supervisor/demo.js';
import type { PrivatePlatform } from '../supervisor/private-platform.js';
import { terminalReporter } from '../supervisor/reporter.js';
import { atMost, type Row, told } from './row.js';

const ROUNDS = 3;
const ROUND_SECONDS = 60;
const MEGABYTE = 1_000_000;
/** What a label of the example's name and the demo organization's makes. */
const DEMO_HOST = 'hello-acme.localhost';
const LOG_KEEPER = 'log-keeper-process.js';

interface Cost {
  /** Of one core. */
  percent: number;
  megabytes: number;
}

/** @throws Error when the demo app does not answer, for that would be another rest */
export async function measureFootprint(running: PrivatePlatform, workspace: string): Promise<Row[]> {
  const neverEnded = new AbortController().signal;
  await deployDemo(workspace, { ...running, ended: neverEnded }, terminalReporter);
  const groups = { services: servicePids(running), others: otherPids(running) };
  const rounds = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    await assertDemoAnswers(running);
    rounds.push(await costsOfRest(groups));
    await assertDemoAnswers(running);
  }
  const services = worst(rounds.map((round) => round.services));
  const others = worst(rounds.map((round) => round.others));
  const rest = `at rest, worst of ${ROUNDS} × ${ROUND_SECONDS} s`;
  return [
    atMost('five services together, resident', services.megabytes, 'MB', 700),
    atMost(`five services together ${rest}, of one core`, services.percent, '%', 2),
    told('provisioner and log keeper together, resident', others.megabytes, 'MB'),
    told(`provisioner and log keeper together ${rest}, of one core`, others.percent, '%'),
  ];
}

type Groups = Record<'services' | 'others', number[]>;

async function costsOfRest(groups: Groups): Promise<Record<keyof Groups, Cost>> {
  const startedAt = performance.now();
  const before = { services: cpuSeconds(groups.services), others: cpuSeconds(groups.others) };
  await sleep(ROUND_SECONDS * 1000);
  const seconds = (performance.now() - startedAt) / 1000;
  const costOf = (group: keyof Groups): Cost => ({
    percent: (100 * (cpuSeconds(groups[group]) - before[group])) / seconds,
    megabytes: residentBytes(groups[group]) / MEGABYTE,
  });
  return { services: costOf('services'), others: costOf('others') };
}

function worst(costs: readonly Cost[]): Cost {
  return {
    percent: Math.max(...costs.map(({ percent }) => percent)),
    megabytes: Math.max(...costs.map(({ megabytes }) => megabytes)),
  };
}

async function assertDemoAnswers({ settings }: PrivatePlatform): Promise<void> {
  const { port } = settings.edge;
  const status = await new Promise<number | undefined>((resolve, reject) => {
    // Node does not resolve names under localhost, so loopback is dialled and the host is named.
    const call = request(
      { host: '127.0.0.1', port, headers: { host: `${DEMO_HOST}:${port}` }, agent: false },
      (response) => {
        response.resume();
        resolve(response.statusCode);
      },
    );
    call.once('error', reject);
    call.end();
  });
  if (status !== 200) throw new Error(`the demo app answers ${status}, so this is not its platform's rest`);
}

function servicePids({ platform }: PrivatePlatform): number[] {
  return appNames.map((app) => pidOf(platform, app));
}

/** The keeper is a child of this process, which stands for the supervisor here. */
function otherPids({ platform }: PrivatePlatform): number[] {
  const children = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim().split(' ');
  const keepers = children.map(Number).filter((pid) => commandLineOf(pid).includes(LOG_KEEPER));
  if (keepers.length !== 1) throw new Error(`there are ${keepers.length} log keepers, and not one`);
  return [pidOf(platform, 'provisioner'), ...keepers];
}

function pidOf({ processes }: PrivatePlatform['platform'], name: string): number {
  const pid = processes.find((each) => each.name === name)?.pid;
  if (pid === undefined) throw new Error(`${name} does not run`);
  return pid;
}

function commandLineOf(pid: number): string {
  return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
}

const CLOCK_TICKS = Number(spawnSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }).stdout.trim());

/** User and system time, fields 14 and 15 of /proc/<pid>/stat (proc(5)); the name in field 2 may hold blanks. */
function cpuSeconds(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return sum + (Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS;
  }, 0);
}

function residentBytes(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return sum + Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1024;
  }, 0);
}
