import { createTestDatabase } from '@capsule/testing';
import { NotesDatabase } from '../notes.fixture.js';
import { uuidv7 } from '../uuid.js';
import { type KeysetList, statementsOf } from './keyset-list.js';
import { type PageRequest, Pagination } from './pagination.js';

interface NoteRow {
  id: string;
  title: string;
  createdAt: Date;
}

const oldestFirst: KeysetList<NoteRow> = {
  name: 'spec.notes',
  select:
    'SELECT n.id, n.title, n.created_at AS "createdAt" FROM notes n LEFT JOIN folders f ON f.id = n.folder_id',
  table: 'notes n',
  where: 'n.tenant_id = $1 AND n.title LIKE $2',
  instant: 'n.created_at',
  id: 'n.id',
  order: 'oldest first',
  positionOf: ({ createdAt, id }) => ({ instant: createdAt, id }),
};
const newestFirst: KeysetList<NoteRow> = { ...oldestFirst, name: 'spec.newest', order: 'newest first' };

const pagination = new Pagination('the key of this spec');
const SIZE = 23;
/** Three notes at each instant, so that pages end between equal ones. */
const instantOf = (index: number) => new Date(Date.UTC(2030, 0, 1, 0, 0, 0, Math.floor(index / 3)));

describe('a list read in pages', () => {
  let notes: NotesDatabase;
  let tenant: string;

  beforeAll(async () => {
    notes = await NotesDatabase.create(await createTestDatabase('auth'));
    await notes.test.asSuperuser((client) =>
      client.query('CREATE INDEX ix_notes__created ON notes (tenant_id, created_at, id)'),
    );
  });
  afterAll(() => notes.close());

  beforeEach(async () => {
    tenant = uuidv7();
    const indexes = Array.from({ length: SIZE }, (_, index) => index);
    await notes.database.withTenant(tenant, (tx) =>
      tx.query(
        'INSERT INTO notes (tenant_id, title, created_at) SELECT $1, * FROM unnest($2::text[], $3::timestamptz[])',
        [tenant, indexes.map((index) => `kept ${index}`), indexes.map(instantOf)],
      ),
    );
  });

  function add(title: string, createdAt: Date, owner = tenant): Promise<unknown> {
    return notes.database.withTenant(owner, (tx) =>
      tx.query('INSERT INTO notes (tenant_id, title, created_at) VALUES ($1, $2, $3)', [
        owner,
        title,
        createdAt,
      ]),
    );
  }

  function read(
    list: KeysetList<NoteRow>,
    request: Partial<PageRequest>,
    { owner = tenant, titles = '%', by = pagination } = {},
  ) {
    return notes.database.withTenant(owner, (tx) =>
      by.read(tx, list, [owner, titles], { limit: 5, ...request }, ({ title }) => title),
    );
  }

  async function readAll(
    list: KeysetList<NoteRow>,
    between: (page: number) => Promise<unknown>,
    from?: string,
  ) {
    const seen: string[] = [];
    let cursor = from;
    for (let page = 0; ; page += 1) {
      const { items, nextCursor } = await read(list, { cursor });
      seen.push(...items);
      if (nextCursor === null) return seen;
      cursor = nextCursor;
      await between(page);
    }
  }

  it.each([
    ['oldest first', oldestFirst],
    ['newest first', newestFirst],
  ])(
    '%s, shows each row once and in order, whatever is added or removed between two pages',
    async (_, list) => {
      const seen = await readAll(list, async (page) => {
        // Before, between and behind what was read, also at the very instants that were just read.
        for (const [place, index] of [0, page * 5, page * 5 + 4, SIZE].entries()) {
          await add(`added ${page} ${place}`, instantOf(index));
        }
        await notes.database.withTenant(tenant, (tx) =>
          tx.query('DELETE FROM notes WHERE title = $1', [`added ${page} 0`]),
        );
      });
      const kept = seen.filter((title) => title.startsWith('kept'));
      expect(new Set(seen).size).toBe(seen.length);
      expect(kept.toSorted()).toEqual(
        Array.from({ length: SIZE }, (__, index) => `kept ${index}`).toSorted(),
      );
      const instants = kept.map((title) => Math.floor(Number(title.slice(5)) / 3));
      expect(instants).toEqual(instants.toSorted((a, b) => (list === oldestFirst ? a - b : b - a)));
    },
  );

  it.each([
    ['oldest first', oldestFirst],
    ['newest first', newestFirst],
  ])('%s, shows a row that is committed while it is read if its place is ahead', async (_, list) => {
    const first = await notes.database.withTenant(tenant, async (tx) => {
      await tx.query(
        `INSERT INTO notes (tenant_id, title, created_at) VALUES ($1, 'late first', $2), ($1, 'late last', $3)`,
        [tenant, instantOf(0), instantOf(SIZE - 1)],
      );
      return read(list, {});
    });
    const rest = await readAll(list, () => Promise.resolve(), first.nextCursor ?? undefined);
    const seen = [...first.items, ...rest];
    const ahead = list === oldestFirst ? 'late last' : 'late first';
    expect(seen.filter((title) => title.startsWith('late'))).toEqual([ahead]);
    expect(seen).toHaveLength(SIZE + 1);
    const anew = await readAll(list, () => Promise.resolve());
    expect(anew).toEqual(expect.arrayContaining(['late first', 'late last']));
  });

  it('ends without a cursor when the last page is full', async () => {
    expect(await read(oldestFirst, { limit: SIZE })).toMatchObject({ nextCursor: null });
    expect(await read(oldestFirst, { limit: SIZE - 1 })).not.toMatchObject({ nextCursor: null });
    expect(await read(oldestFirst, {}, { titles: 'none' })).toEqual({ items: [], nextCursor: null });
  });

  it('by number, shows the same rows with the total of the list', async () => {
    const all = await readAll(oldestFirst, () => Promise.resolve());
    const second = await read(oldestFirst, { page: 2, pageSize: 10 });
    expect(second).toMatchObject({ items: all.slice(10, 20), page: 2, pageSize: 10, total: SIZE });
    expect(await read(oldestFirst, { page: 3, limit: 10 })).toEqual({
      items: all.slice(20),
      nextCursor: null,
      page: 3,
      pageSize: 10,
      total: SIZE,
    });
    expect(await read(oldestFirst, { page: 9 })).toMatchObject({ items: [], nextCursor: null, total: SIZE });
    expect(await read(oldestFirst, { page: 1 }, { titles: 'kept 1%' })).toMatchObject({ total: 11 });
    const onward = await read(oldestFirst, { cursor: second.nextCursor ?? undefined });
    expect(onward.items).toEqual(all.slice(20));
  });

  it('counts and shows the rows of its tenant alone', async () => {
    const other = uuidv7();
    await add('theirs', instantOf(0), other);
    expect(await read(oldestFirst, { page: 1 }, { owner: other })).toMatchObject({
      items: ['theirs'],
      total: 1,
    });
    const asked = notes.database.withTenant(other, (tx) =>
      pagination.read(tx, oldestFirst, [tenant, '%'], { limit: 5, page: 1 }, ({ title }) => title),
    );
    expect(await asked).toMatchObject({ items: [], total: 0 });
  });

  it('refuses a cursor of another tenant, list, parameter or key', async () => {
    const cursor = (await read(oldestFirst, {})).nextCursor ?? '';
    const refused = { code: 'platform.cursor.invalid', kind: 'invalid' };
    expect((await read(oldestFirst, { cursor })).items).toHaveLength(5);
    await expect(read(oldestFirst, { cursor }, { owner: uuidv7() })).rejects.toMatchObject(refused);
    await expect(read(newestFirst, { cursor })).rejects.toMatchObject(refused);
    await expect(read(oldestFirst, { cursor }, { titles: 'kept%' })).rejects.toMatchObject(refused);
    const by = new Pagination('another key');
    await expect(read(oldestFirst, { cursor }, { by })).rejects.toMatchObject(refused);
    await expect(read(oldestFirst, { cursor: `${cursor}A` })).rejects.toMatchObject(refused);
  });

  it.each([
    ['oldest first', oldestFirst],
    ['newest first', newestFirst],
  ])('%s, finds a page in its index, neither sorting nor reading what lies before it', async (_, list) => {
    const { after } = statementsOf(list, 2);
    const plan = await notes.database.withTenant(tenant, async (tx) => {
      await tx.query('SET LOCAL enable_seqscan = off');
      const rows = await tx.query<{ 'QUERY PLAN': string }>(`EXPLAIN (COSTS OFF) ${after}`, [
        tenant,
        '%',
        6,
        instantOf(10),
        uuidv7(),
      ]);
      return rows.map((row) => row['QUERY PLAN']).join('\n');
    });
    expect(plan).toContain('ix_notes__created');
    expect(plan).toMatch(/Index Cond: .*ROW\(.*created_at, .*id\) [<>] ROW/);
    expect(plan).not.toContain('Sort');
  });
});
