import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { archiveBegin, deploymentCreate, deploymentRollback } from '@capsule/contracts';
import { createDataSource, Database, Pagination, uuidv7 } from '@capsule/database';
import { ObjectStore } from '@capsule/storage';
import { eventually } from '@capsule/testing';
import { archiveKey } from '../../archives/archive-key.js';
import { ArchiveService } from '../../archives/archive.service.js';
import { ArchiveUploadRepository } from '../../archives/archive-upload.repository.js';
import { ArtifactRepository } from '../artifact.repository.js';
import { DeploymentRepository } from '../deployment.repository.js';
import { DeploymentLogs } from '../../engine/deployment-logs.js';
import type { Engine } from '../../engine/engine.js';
import { entities } from '../../entities.js';
import { DeployServiceFixture } from '../../testing/deploy-service.fixture.js';
import { type App, Deployer, type Deployment } from '../../testing/deployer.fixture.js';
import { answering, program, slowlyBuilt } from '../../testing/sample-apps.fixture.js';
import { WorkLeases } from '../../work/work-leases.js';
import { Reaper } from './reaper.js';

const KEPT = 5;
const stranger = `artifacts/${randomUUID()}/${'a'.repeat(64)}.tar.gz`;

describe('the reaper', () => {
  let service: DeployServiceFixture;
  let acme: Deployer;
  let database: Database;
  let reaper: Reaper;
  let app: App;
  const lives: Deployment[] = [];

  beforeAll(async () => {
    service = await DeployServiceFixture.start({ DEPLOY_SERVICE_DRAIN_SECONDS: '0' });
    acme = new Deployer(service, await service.organization('acme'));
    app = await acme.app('often');
    for (let n = 0; n < KEPT + 2; n += 1) lives.push(await acme.deployLive(app, answering(`v${n}`)));
    database = new Database(await createDataSource(service.database.settings, 'spec', entities).initialize());
    reaper = reaperOn(service.store);
  }, 90_000);

  afterAll(async () => {
    await database?.close();
    await service?.close();
  }, 60_000);

  function reaperOn(store: ObjectStore): Reaper {
    const engine = {
      removeArtifact: async (key: string) => void (await service.store.delete(key)),
      removeLog: (id: string) => new DeploymentLogs(join(service.folder, 'engine/logs')).remove(id),
    } as Engine;
    return new Reaper(
      database,
      new WorkLeases(database),
      new DeploymentRepository(new Pagination('unused')),
      new ArchiveService(database, undefined as never, new ArchiveUploadRepository()),
      new ArtifactRepository(),
      store,
      engine,
    );
  }

  const instancesLeft = (deployments: Deployment[]) =>
    service.sql(async (db) => {
      const ids = deployments.map(({ id }) => id);
      const { rowCount } = await db.query(
        `SELECT FROM instances WHERE deployment_id = ANY ($1) AND state <> 'exited'`,
        [ids],
      );
      return rowCount;
    });

  const keptArtifacts = () =>
    service.sql(async (db) => {
      const { rows } = await db.query<{ deployment: string; storage_key: string }>(
        `SELECT d.id AS deployment, a.storage_key FROM deployments d JOIN artifacts a ON a.id = d.artifact_id
         WHERE a.deleted_at IS NULL AND d.app_id = $1 ORDER BY d.number`,
        [app.id],
      );
      return rows;
    });

  const expire = (table: 'archive_uploads' | 'artifacts', id: string) =>
    service.sql((db) => db.query(`UPDATE ${table} SET expires_at = now() WHERE id = $1`, [id]));
  const rowsOf = (table: 'archive_uploads' | 'artifacts', id: string) =>
    service.sql(async (db) => (await db.query(`SELECT FROM ${table} WHERE id = $1`, [id])).rowCount);
  const put = (key: string) => service.store.putStream(key, Readable.from(['x']), { maxBytes: 1 });

  it('leaves everything alone within the time of grace', async () => {
    await reaper.reap(3_600);
    expect(await keptArtifacts()).toHaveLength(lives.length);
  });

  it('deletes artifacts beyond those kept for rollbacks, from storage too, and no others', async () => {
    await service.store.putStream(stranger, Readable.from(['not ours']), { maxBytes: 100 });
    const before = await keptArtifacts();
    await new Promise((resolve) => setTimeout(resolve, 1_100));

    await reaper.reap(1);

    const after = await keptArtifacts();
    expect(after.map((row) => row.deployment)).toEqual(lives.slice(-KEPT).map(({ id }) => id));
    for (const { storage_key: key } of before) {
      const kept = after.some((row) => row.storage_key === key);
      expect((await service.store.stat(key)) !== undefined).toBe(kept);
    }
    expect(await service.store.stat(stranger)).toBeDefined();
  });

  it('what was deleted cannot be rolled back to, what was kept can', async () => {
    const back = (deployment: Deployment | undefined) =>
      acme.organization.call(deploymentRollback, { deploymentId: deployment?.id ?? '' });
    await expect(back(lives[0])).rejects.toMatchObject({ code: 'deploy.deployment.not_restorable' });
    await acme.reached(await back(lives.at(-KEPT)), 'live');
    expect((await service.get(app.host)).body).toBe('v2');
  });

  it('deletes uploads that were built or failed, and keeps those of deployments on their way', async () => {
    const failing = await acme.app('failing');
    const files = slowlyBuilt(program('process.exit(1)'), 1_500);
    const source = await service.upload(acme.organization, failing, files);
    const key = archiveKey(acme.organization.tenantId, source.archiveId);
    const { id } = await acme.organization.call(deploymentCreate, { appId: failing.id, source });
    await acme.reached({ id }, 'build_in_progress');
    await reaper.reap(3_600);
    expect(await service.store.stat(key)).toBeDefined();

    await acme.reached({ id }, 'update_failed');
    await reaper.reap(3_600);
    expect(await service.store.stat(key)).toBeUndefined();
  });

  describe('of what was begun and never finished', () => {
    it.each([
      ['before a byte was stored', false],
      ['after the bytes were stored', true],
    ])('deletes an upload whose gateway died %s, when its time has run out', async (_, isStored) => {
      const { archiveId, storageKey } = await acme.organization.call(archiveBegin, { appId: app.id });
      if (isStored) await put(storageKey);

      await reaper.reap(3_600);
      expect(await rowsOf('archive_uploads', archiveId)).toBe(1);
      expect((await service.store.stat(storageKey)) !== undefined).toBe(isStored);

      await expire('archive_uploads', archiveId);
      await reaper.reap(3_600);
      expect(await rowsOf('archive_uploads', archiveId)).toBe(0);
      expect(await service.store.stat(storageKey)).toBeUndefined();
    });

    it.each([
      ['before the artifact was stored', false],
      ['after the artifact was stored', true],
    ])('deletes what a build left that died %s, when its time has run out', async (_, isStored) => {
      const { id, storageKey } = await database.withTenant(acme.organization.tenantId, (tx) =>
        new ArtifactRepository().insertPending(tx, app.id, 3_600),
      );
      if (isStored) await put(storageKey);

      await reaper.reap(0);
      expect(await rowsOf('artifacts', id)).toBe(1);
      expect((await service.store.stat(storageKey)) !== undefined).toBe(isStored);

      await expire('artifacts', id);
      await reaper.reap(3_600);
      expect(await rowsOf('artifacts', id)).toBe(0);
      expect(await service.store.stat(storageKey)).toBeUndefined();
    });

    it('deletes nothing that a deployment was created of just before', async () => {
      const source = await service.upload(acme.organization, app, answering('late'));
      await expire('archive_uploads', source.archiveId);
      const { id } = await acme.organization.call(deploymentCreate, { appId: app.id, source });
      await reaper.reap(3_600);
      await acme.reached({ id }, 'live');
    });

    it('has a build that outlived its time begun again, and leaves nothing of it', async () => {
      const deployment = await acme.deploy(app, slowlyBuilt(answering('again'), 1_500));
      await acme.reached(deployment, 'build_in_progress');
      const [pending = ''] = await eventually(async () => {
        const { rows } = await service.sql((db) =>
          db.query<{ id: string }>(`SELECT id FROM artifacts WHERE app_id = $1 AND state = 'pending'`, [
            app.id,
          ]),
        );
        expect(rows).toHaveLength(1);
        return rows.map(({ id }) => id);
      });
      await expire('artifacts', pending);
      await reaper.reap(3_600);
      expect(await rowsOf('artifacts', pending)).toBe(0);

      await acme.reached(deployment, 'live');
      expect((await service.get(app.host)).body).toBe('again');
    });

    it('and no object lies in storage without a row that names it', async () => {
      expect(await service.objectsWithoutRow()).toEqual([stranger]);
    });
  });

  it('finds unfinished deployments that are in no list of work', async () => {
    const lost = await acme.app('lost');
    await service.kill();
    const id = await service.sql(async (db) => {
      const { rows } = await db.query<{ id: string }>(
        `INSERT INTO deployments (tenant_id, project_id, app_id, number, source_type, git_url)
         VALUES ($1, $2, $3, 1, 'git', 'https://127.0.0.1:1/none.git') RETURNING id`,
        [acme.organization.tenantId, lost.projectId, lost.id],
      );
      return rows[0]?.id ?? '';
    });

    await reaper.reap(3_600);
    await service.boot();

    await eventually(async () => expect((await acme.get({ id })).state).toBe('build_failed'), 20_000);
  }, 60_000);

  // The service reaps too, a while after its start: what these look at must not be gone before they look.
  describe('while no other runs', () => {
    afterEach(() => service.boot(), 30_000);

    it('keeps the row of what could not be deleted from storage, and deletes it the next time', async () => {
      const { archiveId, storageKey } = await acme.organization.call(archiveBegin, { appId: app.id });
      await put(storageKey);
      await service.terminate();
      await expire('archive_uploads', archiveId);
      const broken = await ObjectStore.open(join(service.folder, 'storage'));
      broken.delete = () => Promise.reject(new Error('the disk is away'));

      await reaperOn(broken).reap(3_600);
      expect(await rowsOf('archive_uploads', archiveId)).toBe(1);

      await reaper.reap(3_600);
      expect(await rowsOf('archive_uploads', archiveId)).toBe(0);
      expect(await service.store.stat(storageKey)).toBeUndefined();
    });

    it('deletes logs of deployments that ended a month ago, and keeps those of others', async () => {
      const chatty = await acme.app('chatty');
      const [old, recent, live] = [
        await acme.deployLive(chatty, answering('1')),
        await acme.deployLive(chatty, answering('2')),
        await acme.deployLive(chatty, answering('3')),
      ];
      const hasLog = ({ id }: Deployment) => existsSync(join(service.folder, 'engine/logs', id));
      await eventually(async () => expect(await instancesLeft([old, recent])).toBe(0));
      await service.terminate();
      await service.sql(async (db) => {
        await db.query(`UPDATE deployments SET ended_at = now() - interval '29 days' WHERE id = $1`, [
          recent.id,
        ]);
        await db.query(`UPDATE deployments SET ended_at = now() - interval '31 days' WHERE id = $1`, [
          old.id,
        ]);
      });
      expect([old, recent, live].map(hasLog)).toEqual([true, true, true]);

      await reaper.reap(3_600);

      expect([old, recent, live].map(hasLog)).toEqual([false, true, true]);
    });

    it('goes on behind what it cannot delete, and past a full batch', async () => {
      const many = await acme.app('many');
      await service.terminate();
      const archives = Array.from({ length: 120 }, () => randomUUID());
      const keyOf = (id: string) => archiveKey(acme.organization.tenantId, id);
      const [stuck = '', last = ''] = [archives[0], archives.at(-1)];
      await service.sql(async (db) => {
        await db.query(`SET session_replication_role = 'replica'`);
        for (const [index, archive] of archives.entries()) {
          await db.query(
            `INSERT INTO deployments (id, tenant_id, project_id, app_id, number, state, ended_at, source_type, archive_id,
               archive_size_bytes, source_digest)
             VALUES ($1, $2, $3, $4, $5, 'superseded', now(), 'archive', $6, 1, repeat('a', 64))`,
            [uuidv7(), acme.organization.tenantId, many.projectId, many.id, index + 1, archive],
          );
        }
        await db.query(`SET session_replication_role = 'origin'`);
      });
      const store = await ObjectStore.open(join(service.folder, 'storage'));
      store.delete = (key) =>
        key === keyOf(stuck) ? Promise.reject(new Error('stuck')) : service.store.delete(key);
      await service.store.putStream(keyOf(last), Readable.from(['x']), { maxBytes: 1 });

      await reaperOn(store).reap(3_600);

      expect(await service.store.stat(keyOf(last))).toBeUndefined();
      const { rows } = await service.sql((db) =>
        db.query('SELECT archive_id FROM deployments WHERE app_id = $1 AND archive_deleted_at IS NULL', [
          many.id,
        ]),
      );
      expect(rows).toEqual([{ archive_id: stuck }]);
    });
  });
});
