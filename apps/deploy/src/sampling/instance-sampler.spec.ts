import { readFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import {
  appCreate,
  deploymentCreate,
  deploymentGet,
  type EventEnvelope,
  instancesSampled,
  projectCreate,
} from '@capsule/contracts';
import { EventPublisher, NatsConnection } from '@capsule/messaging';
import { eventually, startTestNats } from '@capsule/testing';
import type { DeploySettings } from '../config.js';
import type { Engine } from '../engine/engine.js';
import type { InstanceDirectory, InstancePlace } from '../deployments/instances/instance-directory.js';
import { DeployServiceFixture } from '../testing/deploy-service.fixture.js';
import { InstanceSampler } from './instance-sampler.js';

const STREAM = instancesSampled.stream;
const data = (message: unknown) => instancesSampled.data.parse((message as EventEnvelope).data);

describe('sampling a running app', () => {
  let service: DeployServiceFixture;
  beforeAll(async () => {
    service = await DeployServiceFixture.start({ DEPLOY_SERVICE_SAMPLE_INTERVAL_SECONDS: '1' });
  }, 60_000);
  afterAll(() => service?.close(), 60_000);

  it('publishes its processor seconds and memory at aligned times, also after a restart of the service and of NATS', async () => {
    const acme = await service.organization('acme');
    const project = await acme.call(projectCreate, { name: 'Shop' });
    const app = await acme.call(appCreate, { projectId: project.id, name: 'busy' });
    const source = await service.upload(acme, app, {
      'index.js': `
        setInterval(() => { for (const end = Date.now() + 100; Date.now() < end; ); }, 200);
        require('node:http').createServer((q, s) => s.end()).listen(process.env.PORT, process.env.HOST);`,
    });
    const deployment = await acme.call(deploymentCreate, { appId: app.id, source });
    const live = await eventually(async () => {
      const found = await acme.call(deploymentGet, { deploymentId: deployment.id });
      expect(found.state).toBe('live');
      return found;
    }, 20_000);

    const seen = async (count: number) =>
      eventually(async () => {
        const messages = await service.nats.messages(STREAM);
        expect(messages.length).toBeGreaterThanOrEqual(count);
        return messages;
      }, 15_000);
    const before = (await seen(2)).length;
    await service.reboot();
    await service.nats.restart();
    const messages = await seen(before + 2);

    let last = 0;
    for (const message of messages) {
      expect((message as EventEnvelope).tenantid).toBe(acme.tenantId);
      const { sampledAt, samples } = data(message);
      expect(sampledAt).toMatch(/\.000Z$/);
      expect(samples).toEqual([
        expect.objectContaining({
          appId: app.id,
          deploymentId: deployment.id,
          instanceId: live.instance?.id,
        }),
      ]);
      expect(samples[0]?.cpuSecondsTotal).toBeGreaterThan(last);
      last = samples[0]?.cpuSecondsTotal ?? 0;
    }
    // The first one may have met a program that was just being loaded.
    expect(data(messages.at(-1)).samples[0]?.memoryBytes).toBeGreaterThan(10e6);
    // However busy the machine is: what was sampled last is behind what the kernel has counted by now, and not by much.
    const used = cpuSecondsOf(await service.processesOf(live.instance?.id ?? ''));
    expect(last).toBeLessThanOrEqual(used);
    expect(last).toBeGreaterThan(used / 4);
  }, 60_000);
});

describe('sampling many instances', () => {
  const tenants = [randomUUID(), randomUUID()];
  const places: InstancePlace[] = Array.from({ length: 1_201 }, (_, index) => ({
    instanceId: randomUUID(),
    tenantId: tenants[index === 0 ? 0 : 1] as string,
    appId: randomUUID(),
    deploymentId: randomUUID(),
  }));
  const engine = {
    list: async () => places.map(({ instanceId }) => instanceId),
    sample: async (ids: readonly string[]) =>
      ids.map((instanceId) => ({ instanceId, cpuSecondsTotal: 1.5, memoryBytes: 1024 })),
  } as unknown as Engine;

  it('tells each organization of its own only, in events of at most 500, and asks the database once for each', async () => {
    const asked: number[] = [];
    const directory = {
      locate: async (ids: readonly string[]) => {
        asked.push(ids.length);
        return places;
      },
    } as unknown as InstanceDirectory;
    const nats = await startTestNats();
    const connection = await NatsConnection.open('deploy', nats.settings('deploy'));
    try {
      const sampler = new InstanceSampler(engine, directory, new EventPublisher(connection), {
        sampleIntervalSeconds: 10,
      } as DeploySettings);
      await sampler.sample(new Date());
      await sampler.sample(new Date());
      const messages = (await nats.messages(STREAM)).slice(0, 4);
      expect(
        messages.map((message) => [(message as EventEnvelope).tenantid, data(message).samples.length]),
      ).toEqual(
        expect.arrayContaining([
          [tenants[0], 1],
          [tenants[1], 500],
          [tenants[1], 200],
        ]),
      );
      expect(asked).toEqual([1_201]);

      await nats.stop();
      await eventually(() => expect(connection.connected).toBe(false));
      // Dropped, without waiting for the bus.
      const from = Date.now();
      await sampler.sample(new Date());
      expect(Date.now() - from).toBeLessThan(1_000);
    } finally {
      await connection.close();
      await nats.close();
    }
  });
});

/** User and system time, fields 14 and 15 of /proc/<pid>/stat (proc(5)), in ticks of a hundredth of a second. */
function cpuSecondsOf(pids: readonly number[]): number {
  const ticks = pids.map((pid) => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return Number(fields[11]) + Number(fields[12]);
  });
  return ticks.reduce((sum, each) => sum + each, 0) / 100;
}
