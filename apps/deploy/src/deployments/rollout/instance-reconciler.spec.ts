import { randomUUID } from 'node:crypto';
import { createDataSource, Database, Pagination, uuidv7 } from '@capsule/database';
import { createTestDatabase, eventually, type TestDatabase } from '@capsule/testing';
import { AppRepository } from '../../apps/app.repository.js';
import { AppService } from '../../apps/app.service.js';
import type { DeploySettings } from '../../config.js';
import type { Edge } from '../../edge/edge.js';
import type { Engine, Observation } from '../../engine/engine.js';
import { entities } from '../../entities.js';
import { WorkQueue } from '../../work/work-queue.js';
import { DeploymentRepository } from '../deployment.repository.js';
import { InstanceRepository } from '../instances/instance.repository.js';
import { InstanceReconciler } from './instance-reconciler.js';

const settings = { limits: { drainSeconds: 0 } } as DeploySettings;
const pagination = new Pagination('unused');
/** For collaborators that the differences of this spec never reach. */
const unused = undefined as never;

describe('comparing the instances', () => {
  const tenantId = randomUUID();
  let testDatabase: TestDatabase;
  let database: Database;
  let reconciler: InstanceReconciler;
  let looks: number;
  let applies: number;
  let stops: number;
  let edgeAway: Error | null;
  let listening: Promise<void>;
  let tellExit: () => void;

  beforeAll(async () => {
    testDatabase = await createTestDatabase('deploy');
    const source = createDataSource(testDatabase.settings, 'spec', entities);
    database = new Database(await source.initialize());
  });

  afterAll(async () => {
    await database?.close();
    await testDatabase?.close();
  });

  beforeEach(() => {
    [present, stopsBeforeApply] = [[], []];
    [looks, applies, stops, edgeAway, listening] = [0, 0, 0, null, Promise.resolve()];
    const engine = {
      onExit: (listener: (id: string) => void) => (tellExit = () => listener(randomUUID())),
      list: async () => {
        looks += 1;
        await listening;
        return present;
      },
      observe: () => Promise.resolve<Observation>({ state: 'absent' }),
      openLog: () => ({ write: () => undefined }),
      stop: (instanceId: string) => {
        stops += 1;
        return instanceId === stuck ? Promise.reject(new Error('stuck')) : Promise.resolve();
      },
    } as unknown as Engine;
    const edge = {
      apply: async () => {
        stopsBeforeApply.push(stops);
        applies += 1;
        if (edgeAway) throw edgeAway;
      },
    } as Edge;
    const apps = new AppService(
      database,
      unused,
      unused,
      unused,
      new AppRepository(pagination),
      unused,
      unused,
      unused,
    );
    reconciler = new InstanceReconciler(
      database,
      apps,
      new DeploymentRepository(pagination),
      new InstanceRepository(),
      unused,
      new WorkQueue(),
      edge,
      engine,
      settings,
    );
  });

  afterEach(() => reconciler.stop());

  let stuck: string | undefined;
  let stopsBeforeApply: number[];
  /** What the engine knows. */
  let present: string[];

  /** Instances that should be draining, and are not there. */
  async function addLost(count: number): Promise<string[]> {
    const ids = Array.from({ length: count }, () => uuidv7());
    await testDatabase.asSuperuser(async (db) => {
      await db.query(`SET session_replication_role = 'replica'`);
      await db.query(
        `INSERT INTO apps (id, tenant_id, project_id, name, host, health_path, memory_limit_bytes)
         SELECT id, $2, id, 'a', 'a-' || id, '/', 1 FROM unnest($1::uuid[]) AS id`,
        [ids, tenantId],
      );
      await db.query(
        `INSERT INTO instances (id, tenant_id, app_id, deployment_id, state, memory_limit)
         SELECT id, $2, id, id, 'draining', 'watchdog' FROM unnest($1::uuid[]) AS id`,
        [ids, tenantId],
      );
    });
    return ids;
  }

  const exited = () =>
    testDatabase.asSuperuser(async (db) => {
      const { rows } = await db.query<{ id: string }>(`SELECT id FROM instances WHERE state = 'exited'`);
      return rows.map(({ id }) => id);
    });

  it('takes one look for all that ended while another was under way, however many they are', async () => {
    let goOn = (): void => undefined;
    listening = new Promise((resolve) => (goOn = resolve));
    reconciler.start();
    for (let n = 0; n < 100; n += 1) tellExit();
    goOn();
    await eventually(() => expect(looks).toBe(2));
    await reconciler.stop();
    expect(looks).toBe(2);
  });

  it('looks again when something ends after a look', async () => {
    reconciler.start();
    await eventually(() => expect(looks).toBe(1));
    const lost = await addLost(1);
    await eventually(async () => {
      tellExit();
      expect(await exited()).toEqual(expect.arrayContaining(lost));
    });
  });

  it('gives the edge its routes once for all that ended together, and none holds up another', async () => {
    const lost = await addLost(20);
    stuck = lost[0];
    reconciler.start();
    await eventually(async () => expect(await exited()).toEqual(expect.arrayContaining(lost)));
    await eventually(() => expect(applies).toBe(1));
    await reconciler.stop();
    expect([looks, applies]).toEqual([1, 1]);
  });

  it('lets go of the port of none before the edge leads there no more', async () => {
    const lost = await addLost(3);
    edgeAway = new Error('the edge is away');
    reconciler.start();
    await eventually(() => expect(applies).toBe(1));
    expect(await exited()).toEqual(expect.arrayContaining(lost));
    await reconciler.stop();
    expect(stops).toBe(0);
    edgeAway = null;
    present = lost;
    reconciler.start();
    await eventually(() => expect(stops).toBe(3));
    expect(stopsBeforeApply).toEqual([0, 0]);
  });
});
