import pg from 'pg';
import { lockKey, withSchemaLock } from './migration-lock.js';
import { MigrationScratch } from './migration-scratch.fixture.js';
import { MigrationSession } from './migration-session.js';

describe('waiting', () => {
  let scratch: MigrationScratch;
  beforeAll(async () => (scratch = await MigrationScratch.make()));
  beforeEach(async () => {
    await scratch.write('V1__Table.sql', 'CREATE TABLE t (n integer)');
  });
  afterEach(() => scratch.reset());
  afterAll(() => scratch.close());

  const open = async () => {
    const client = new pg.Client({
      ...scratch.database.owner,
      database: scratch.database.owner.name,
      ssl: false,
    });
    client.on('error', () => undefined);
    await client.connect();
    return client;
  };

  it('gives up after its time when another runner does not finish', async () => {
    await scratch.write('V1__Table.sql', 'SELECT pg_sleep(1)');
    const first = scratch.migrate();
    await scratch.until("SELECT pid FROM pg_locks WHERE locktype = 'advisory'");
    await expect(scratch.migrate({ lockWaitMs: 100 })).rejects.toThrow('Another runner');
    await first;
  });

  it.each([
    ['public', '77433833903597'],
    ['tenant_1', '77431383711322'],
  ])('is for the lock that Flyway takes for the history of %s', (schema, key) => {
    // Computed by Java: "Flyway" in ASCII plus the hashCode() of the quoted table.
    expect(lockKey(schema)).toBe(key);
  });

  it('keeps out of the way of a Flyway that runs', async () => {
    const flyway = await open();
    await flyway.query('BEGIN; SELECT pg_try_advisory_xact_lock(77433833903597)');
    await expect(scratch.migrate({ lockWaitMs: 100 })).rejects.toThrow('Another runner');
    await flyway.query('COMMIT');
    expect(await scratch.migrate()).toEqual(['V1__Table.sql']);
    await flyway.end();
  });

  it('ends with the error of the work, whatever state that left the session in', async () => {
    const session = await MigrationSession.open(scratch.database.owner);
    await expect(
      withSchemaLock(session, 'public', 100, async () => {
        await session.client.query('BEGIN');
        await session.client.query('SELECT nothing');
      }),
    ).rejects.toThrow('column "nothing" does not exist');
    // The session goes on with the next schema, and lets others have this one.
    expect(await scratch.migrate({ lockWaitMs: 100 })).toEqual(['V1__Table.sql']);
    await session.close();
  });

  describe('for a table that a long reader holds', () => {
    let reader: pg.Client;
    beforeEach(async () => {
      await scratch.migrate();
      await scratch.write('V2__Column.sql', 'CREATE TABLE once (); ALTER TABLE t ADD COLUMN m integer');
      reader = await open();
      await reader.query('BEGIN; SELECT * FROM t');
    });
    afterEach(() => reader.end());

    it('is in short turns, so that others read on, and the file is applied when the reader is done', async () => {
      const migrated = scratch.migrate({ lockTimeoutMs: 100 });
      const other = await open();
      const waits: number[] = [];
      for (let round = 0; round < 20; round += 1) {
        const startedAt = performance.now();
        await other.query('SELECT * FROM t');
        waits.push(performance.now() - startedAt);
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
      await other.end();
      // Without a turn nobody would have waited, and the test would prove nothing.
      expect(Math.max(...waits)).toBeGreaterThan(20);
      expect(Math.max(...waits)).toBeLessThan(1_000);
      await reader.query('COMMIT');
      expect(await migrated).toEqual(['V2__Column.sql']);
    });

    it('ends with the reason when the reader never is', async () => {
      const migrated = scratch.migrate({ lockTimeoutMs: 20, tableWaitMs: 100 });
      await expect(migrated).rejects.toThrow(
        'V2__Column.sql failed: canceling statement due to lock timeout',
      );
      await reader.query('COMMIT');
      expect(await scratch.migrate()).toEqual(['V2__Column.sql']);
    });
  });

  describe('of a file without transaction', () => {
    const WAITING = `
      SELECT waitstart::text AS since FROM pg_locks JOIN pg_stat_activity USING (pid)
      WHERE application_name = 'capsule-migrate' AND datname = current_database() AND NOT granted`;
    let other: pg.Client;
    beforeEach(async () => {
      await scratch.migrate();
      await scratch.write('V2__Change.sql.conf', 'executeInTransaction=false');
      other = await open();
      await other.query('BEGIN; INSERT INTO t VALUES (1)');
    });
    afterEach(() => other.end());

    it('is in short turns for a statement that only speaks of CONCURRENTLY', async () => {
      await scratch.write('V2__Change.sql', '-- Not CONCURRENTLY.\nALTER TABLE t ADD COLUMN m integer');
      const migrated = scratch.migrate({ lockTimeoutMs: 100 });
      const { since } = await scratch.until(`${WAITING} AND waitstart IS NOT NULL`);
      await scratch.until(`${WAITING} AND waitstart > '${String(since)}'`);
      await other.query('COMMIT');
      expect(await migrated).toEqual(['V2__Change.sql']);
    });

    it('is as long as it takes for one that is CONCURRENTLY', async () => {
      await scratch.write('V2__Change.sql', 'CREATE INDEX CONCURRENTLY ix_t__n ON t (n)');
      const migrated = scratch.migrate({ lockTimeoutMs: 50 });
      await Promise.race([
        migrated,
        scratch.until(`${WAITING} AND clock_timestamp() - waitstart > interval '200 ms'`),
      ]);
      await other.query('COMMIT');
      expect(await migrated).toEqual(['V2__Change.sql']);
    });
  });
});
