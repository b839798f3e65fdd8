import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { appNames, serviceNames } from '@capsule/contracts';
import { provisionStreams } from '@capsule/messaging';
import type { ManagedProcess } from '../supervisor/managed-process.js';
import type { PrivatePlatform } from '../supervisor/private-platform.js';
import { natsAdminPassword } from '../supervisor/servers/nats.js';
import { deathsOf, FAULTS, nextChances } from './faults.js';
import { NATS_RESTARTS } from './proof.js';

const WORK_MS = 1_500;
const REVIVE_EVERY_MS = 50;

interface Plan {
  /** Share of the traffic that is done, 0 to 1. */
  progress: () => number;
  /** Called while NATS is down, before its store is wiped; it stays where there is nobody to call. */
  onWipe: (() => Promise<void>) | undefined;
}

/** Kills services and NATS while the traffic runs, and sees to it that they come back quickly. */
export class Killer {
  kills = 0;
  natsRestarts = 0;
  private stopped = false;
  private running: Promise<unknown> = Promise.resolve();

  constructor(private readonly platform: PrivatePlatform) {}

  /** Has the four services start anew with the faults preloaded. */
  async arm(): Promise<void> {
    await Promise.all(
      this.services().map(async (service) => {
        service.definition.environment['NODE_OPTIONS'] = `--import ${FAULTS}`;
        this.setChances(service);
        await service.restart();
      }),
    );
  }

  start(plan: Plan): void {
    const reviving = this.processes(appNames).map((each) => this.revive(each));
    this.running = Promise.all([this.killServices(), ...reviving, this.breakBus(plan)]);
    // Told by `stop`, who waits for the traffic first.
    this.running.catch(() => undefined);
  }

  /** Ends the killing and has every service run without deaths; effects go on leaving their traces. */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.running;
    await Promise.all(
      this.services().map(async (service) => {
        service.definition.environment['CHAOS_DEATHS'] = '{}';
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
        kill(victim.pid);
      }
    }
  }

  /** The supervisor waits longer after each crash; here crashes are wanted, so waiting is cut short. */
  private async revive(each: ManagedProcess): Promise<void> {
    while (!this.stopped) {
      await sleep(REVIVE_EVERY_MS);
      // `stopped` is one whose start failed because what it needs was being killed just then.
      if (each.state !== 'waiting to restart' && each.state !== 'stopped') continue;
      this.setChances(each);
      await each.restart().catch(() => undefined);
    }
  }

  private setChances({ name, definition }: ManagedProcess): void {
    const service = serviceNames.find((each) => each === name);
    if (service === undefined) return;
    const deaths = deathsOf(service, this.platform.home.logs);
    definition.environment['CHAOS_DEATHS'] = JSON.stringify(nextChances(deaths));
  }

  private async breakBus({ progress, onWipe }: Plan): Promise<void> {
    for (let done = 0; done < NATS_RESTARTS; done += 1) {
      const share = (done + 1) / (NATS_RESTARTS + 1);
      while (progress() < share && !this.stopped) await sleep(REVIVE_EVERY_MS);
      if (this.stopped) return;
      await this.restartBus(onWipe);
    }
  }

  private async restartBus(onWipe: Plan['onWipe']): Promise<void> {
    const [bus] = this.processes(['nats']);
    if (bus?.pid === undefined) throw new Error('NATS does not run, so it cannot be killed.');
    const { home, settings } = this.platform;
    kill(bus.pid);
    await bus.stop();
    if (onWipe) {
      await onWipe();
      rmSync(join(home.path, 'servers/nats/jetstream'), { recursive: true });
    }
    await bus.start();
    await provisionStreams({ url: settings.nats.url, password: natsAdminPassword(home) });
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
