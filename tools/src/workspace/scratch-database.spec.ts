import { type TestDatabase, createTestDatabase } from '@capsule/testing';
import { withScratchDatabase } from './scratch-database.js';

describe('a scratch database', () => {
  let neighbour: TestDatabase;
  beforeAll(async () => void (neighbour = await createTestDatabase('auth', { isMigrated: false })));
  afterAll(() => neighbour.close());

  const source = process.env as Record<string, string>;
  const scratchDatabases = () =>
    neighbour.asSuperuser(async (client) => {
      const { rows } = await client.query<{ datname: string }>(
        "SELECT datname FROM pg_database WHERE datname LIKE 'scratch%' ORDER BY 1",
      );
      return rows.map(({ datname }) => datname);
    });

  it('is there for the work alone, also for one that fails', async () => {
    const work = withScratchDatabase('auth', source, async (owner) => {
      expect(await scratchDatabases()).toContain(owner.name);
      throw new Error('the work failed');
    });
    await expect(work).rejects.toThrow('the work failed');
    expect(await scratchDatabases()).not.toContain(`scratch_auth_${process.pid}`);
  });

  it('drops what a killed process left, and nothing of a living one or of anybody else', async () => {
    // Above the highest process id there is, and the one that started this process.
    const [dead, living] = ['scratch_auth_4194305', `scratch_auth_${process.ppid}`];
    const foreign = 'scratch_author';
    await neighbour.asSuperuser(async (client) => {
      for (const name of [dead, living, foreign]) await client.query(`CREATE DATABASE ${name}`);
    });
    await withScratchDatabase('auth', source, async () => {
      const found = await scratchDatabases();
      expect(found).toEqual(expect.arrayContaining([living, foreign]));
      expect(found).not.toContain(dead);
    });
    await neighbour.asSuperuser(async (client) => {
      for (const name of [living, foreign]) await client.query(`DROP DATABASE ${name}`);
    });
  });
});
