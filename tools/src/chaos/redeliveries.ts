import { loadEnvironment } from '@capsule/config';
import { type ServiceName, serviceNames } from '@capsule/contracts';
import { appEnvironments } from '../supervisor/platform-settings.js';
import type { PrivatePlatform } from '../supervisor/private-platform.js';

const EVERY_MS = 500;
const METRIC = /^capsule_event_redeliveries_total(?:\{[^}]*\})? (\d+)/gm;

/** Adds up what the services count as delivered again, over all the lives of their processes. */
export class RedeliveryCount {
  private readonly byProcess = new Map<string, number>();
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly running: PrivatePlatform) {
    this.timer = setInterval(() => void this.readAll(), EVERY_MS);
  }

  get total(): number {
    return [...this.byProcess.values()].reduce((sum, count) => sum + count, 0);
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.readAll();
  }

  private async readAll(): Promise<void> {
    await Promise.all(serviceNames.map((service) => this.read(service).catch(() => undefined)));
  }

  private async read(service: ServiceName): Promise<void> {
    const process = this.running.platform.processes.find((each) => each.name === service);
    const { http, operations } = appEnvironments[service].variables;
    const settings = loadEnvironment({ name: service, variables: { http, operations } }, this.running.source);
    const pid = process?.pid;
    const response = await fetch(`http://127.0.0.1:${settings.http.port}/metrics`, {
      headers: { authorization: `Bearer ${settings.operations.token}` },
    });
    const text = await response.text();
    const count = [...text.matchAll(METRIC)].reduce((sum, [, value]) => sum + Number(value), 0);
    this.byProcess.set(`${service} ${pid}`, count);
  }
}
