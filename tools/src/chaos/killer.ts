import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { appNames, serviceNames } from '@capsule/contracts';
import { provisionStreams } from '@capsule/messaging';
import type { ManagedProcess } from '../supervisor/managed-process.js';
import type { PrivatePlatform } from '../supervisor/private-platform.js';
import { natsAdminPassword } from '../supervisor/servers/nats.js';

const FAULTS = resolve(import.meta.dirname, '../../chaos/faults.mjs');
/** Chance of a death per passage, in thousandths. */
const DEATHS = { relay: 60, consumer: 15 };
const WORK_MS = 1_500;
const REVIVE_EVERY_MS = 50;

interface Plan {
  /** Share of the traffic that is done, 0 to 1. */
  progress: () => number;
  wipeNats: boolean;
}

/** Kills services and NATS while the traffic runs, and sees to it that they come back quickly. */
export class Killer {
  kills = 0;
  natsRestarts = 0;
  /** Deaths of services that nobody here caused: those at the treacherous places. */
  faults = 0;
  private stopped = false;
  private running: Promise<unknown> = Promise.resolve();
  private readonly killed = new Set<number>();

  constructor(private readonly platform: PrivatePlatform) {}

  /** Has the four services start anew with the faults preloaded. */
  async arm(): Promise<void> {
    await Promise.all(
      this.services().map(async (service) => {
        service.definition.environment['NODE_OPTIONS'] = `--import ${FAULTS}`;
        service.definition.environment['CHAOS_DEATHS'] = JSON.stringify(DEATHS);
        await service.restart();
      }),
    );
  }

  start(plan: Plan): void {
    this.running = Promise.all([this.killServices(), this.revive(), this.breakBus(plan)]);
  }

  /** Ends the killing and has every service run without faults. */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.running;
    await Promise.all(
      this.services().map(async (service) => {
        delete service.definition.environment['NODE_OPTIONS'];
        await service.restart();
      }),
    );
  }

  /** Kills one or two at once, as soon as all have worked together for a moment: there is something to lose then. */
  private async killServices(): Promise<void> {
    while (!this.stopped) {
      await sleep(WORK_MS * (0.5 + Math.random()));
      const all = this.processes(appNames);
      if (this.stopped || all.some((each) => each.state !== 'ready')) continue;
      for (const victim of shuffled(all).slice(0, 1 + Math.round(Math.random()))) {
        if (victim.pid === undefined) continue;
        this.kills += 1;
        this.killed.add(victim.pid);
        kill(victim.pid);
      }
    }
  }

  /** The supervisor waits longer after each crash; here crashes are wanted, so waiting is cut short. */
  private async revive(): Promise<void> {
    const seen = new Map<string, number | undefined>();
    while (!this.stopped) {
      await sleep(REVIVE_EVERY_MS);
      for (const each of this.processes(appNames)) {
        if (each.state === 'ready') seen.set(each.name, each.pid);
        // `stopped` is one whose start failed because what it needs was being killed just then.
        if (each.state !== 'waiting to restart' && each.state !== 'stopped') continue;
        const pid = seen.get(each.name);
        if (pid !== undefined && !this.killed.has(pid)) this.faults += 1;
        seen.delete(each.name);
        await each.restart().catch(() => undefined);
      }
    }
  }

  private async breakBus({ progress, wipeNats }: Plan): Promise<void> {
    for (const share of [0.3, 0.6]) {
      while (progress() < share && !this.stopped) await sleep(REVIVE_EVERY_MS);
      if (this.stopped) return;
      await this.restartBus(wipeNats);
    }
  }

  private async restartBus(wipe: boolean): Promise<void> {
    const [bus] = this.processes(['nats']);
    if (bus?.pid === undefined) return;
    const { home, settings } = this.platform;
    kill(bus.pid);
    await bus.stop();
    if (wipe) rmSync(join(home.path, 'servers/nats/jetstream'), { recursive: true, force: true });
    await bus.start();
    await provisionStreams({ url: settings.nats.url, user: 'admin', password: natsAdminPassword(home) });
    this.natsRestarts += 1;
  }

  private services(): ManagedProcess[] {
    return this.processes(serviceNames);
  }

  private processes(names: readonly string[]): ManagedProcess[] {
    return this.platform.platform.processes.filter((each) => names.includes(each.name));
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It died of something else in the same moment.
  }
}

function shuffled<T>(items: readonly T[]): T[] {
  return items
    .map((item) => [Math.random(), item] as const)
    .toSorted(([a], [b]) => a - b)
    .map(([, item]) => item);
}
