import { type BeforeApplicationShutdown, Inject, Injectable, Logger } from '@nestjs/common';
import { type DataOf, type EventEnvelope, instancesSampled } from '@capsule/contracts';
import { uuidv7 } from '@capsule/database';
import { EventPublisher } from '@capsule/messaging';
import { counter } from '@capsule/telemetry';
import { config, type DeploySettings } from '../config.js';
import { ENGINE, type Engine, type InstanceSample } from '../engine/engine.js';
import { InstanceDirectory, type InstancePlace } from '../deployments/instances/instance-directory.js';

type Sampled = DataOf<typeof instancesSampled>;
type Located = InstancePlace & InstanceSample;

/** What the contract takes in one event. */
const SAMPLES_PER_EVENT = 500;

const published = counter({
  name: 'capsule_deploy_samples_published_total',
  help: 'Samples of instances that the stream has stored',
});
const dropped = counter({
  name: 'capsule_deploy_samples_dropped_total',
  help: 'Samples of instances that were lost because the bus or the database was away',
});

/**
 * Measures every running instance at times that are multiples of the interval, and publishes what it saw straight to
 * the stream: measurements are no facts, so what can't be published is dropped and counted, never kept. Two services
 * that sampled the same tick would say the same series and time, which monitor stores once.
 */
@Injectable()
export class InstanceSampler implements BeforeApplicationShutdown {
  private readonly logger = new Logger(InstanceSampler.name);
  private readonly places = new Map<string, InstancePlace>();
  private readonly intervalMs: number;
  private timer: NodeJS.Timeout | undefined;
  private sampling: Promise<void> = Promise.resolve();
  private losing = false;

  constructor(
    @Inject(ENGINE) private readonly engine: Engine,
    private readonly directory: InstanceDirectory,
    private readonly publisher: EventPublisher,
    @Inject(config.KEY) settings: DeploySettings,
  ) {
    this.intervalMs = settings.sampleIntervalSeconds * 1_000;
  }

  start(): void {
    const now = Date.now();
    const tick = (Math.floor(now / this.intervalMs) + 1) * this.intervalMs;
    this.timer = setTimeout(() => {
      this.sampling = this.sample(new Date(tick)).finally(() => {
        if (this.timer) this.start();
      });
    }, tick - now);
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    await this.sampling;
  }

  /** One look at everything that runs. Never rejects. */
  async sample(at: Date): Promise<void> {
    let lost = 0;
    try {
      const running = await this.engine.list();
      this.forgetAllBut(running);
      if (running.length === 0) return;
      const samples = await this.engine.sample(running);
      const located = await this.locate(samples).catch(() => null);
      if (located === null) lost = samples.length;
      else lost = await this.publish(located, at);
    } catch (error) {
      this.logger.warn('Instances could not be measured', error);
    }
    this.count(lost);
  }

  /** Those of instances the database does not know are left out. */
  private async locate(samples: InstanceSample[]): Promise<Located[]> {
    const unknown = samples.map(({ instanceId }) => instanceId).filter((id) => !this.places.has(id));
    if (unknown.length > 0) {
      for (const place of await this.directory.locate(unknown)) this.places.set(place.instanceId, place);
    }
    return samples.flatMap((sample) => {
      const place = this.places.get(sample.instanceId);
      return place ? [{ ...place, ...sample }] : [];
    });
  }

  /** @returns how many samples were lost */
  private async publish(located: Located[], at: Date): Promise<number> {
    const tenants = new Map<string, Located[]>();
    for (const sample of located) {
      const samples = tenants.get(sample.tenantId);
      if (samples) samples.push(sample);
      else tenants.set(sample.tenantId, [sample]);
    }
    const events = [...tenants].flatMap(([tenantId, samples]) =>
      chunks(samples, SAMPLES_PER_EVENT).map((chunk) => ({ tenantId, chunk })),
    );
    const results = await Promise.allSettled(
      events.map(({ tenantId, chunk }) => {
        const event = envelope(tenantId, chunk, at);
        return this.publisher.publish(event.type, event.id, event);
      }),
    );
    let lost = 0;
    for (const [index, result] of results.entries()) {
      const size = events[index]?.chunk.length ?? 0;
      if (result.status === 'fulfilled') published.inc(size);
      else lost += size;
    }
    return lost;
  }

  private count(lost: number): void {
    dropped.inc(lost);
    if (lost > 0 && !this.losing) this.logger.warn('Samples of instances are being dropped', { lost });
    if (lost === 0 && this.losing) this.logger.log('Samples of instances are published again');
    this.losing = lost > 0;
  }

  private forgetAllBut(running: readonly string[]): void {
    const kept = new Set(running);
    for (const instanceId of this.places.keys()) if (!kept.has(instanceId)) this.places.delete(instanceId);
  }
}

function envelope(tenantId: string, samples: Located[], at: Date): EventEnvelope<Sampled> {
  const sampledAt = at.toISOString();
  return {
    specversion: '1.0',
    id: uuidv7(),
    source: 'capsule/deploy',
    type: instancesSampled.type,
    time: sampledAt,
    datacontenttype: 'application/json',
    tenantid: tenantId,
    data: {
      sampledAt,
      samples: samples.map(({ appId, deploymentId, instanceId, cpuSecondsTotal, memoryBytes }) => ({
        appId,
        deploymentId,
        instanceId,
        cpuSecondsTotal,
        memoryBytes,
      })),
    },
  };
}

function chunks<Item>(items: readonly Item[], size: number): Item[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}
