import { createTestDatabase, type TestDatabase } from '@capsule/testing';
import { Column, type DataSource, Entity, Index, PrimaryColumn, Unique } from 'typeorm';
import { createDataSource } from '../data-source.js';
import { EntityDrift } from './entity-drift.js';

@Entity('drift_notes')
@Unique(['title'])
@Index(['title', 'readAt'])
@Index(['readAt'], { where: 'body IS NULL' })
class Note {
  @PrimaryColumn({ type: 'uuid', default: () => 'uuid_generate_v4()' })
  id!: string;

  @Column('text')
  body!: string;

  @Column({ type: 'varchar', length: 200 })
  title!: string;

  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  readAt!: Date | null;

  @Column({ type: 'timestamptz', default: () => 'now()' })
  madeAt!: Date;

  @Column('text', { array: true, default: [] })
  tags!: string[];

  @Column('integer', { default: 1 })
  size!: number;

  @Column('text', { default: 'new' })
  state!: string;
}

/** As the entity says; each spec changes one line of it. */
const COLUMNS = {
  id: 'uuid PRIMARY KEY DEFAULT uuid_generate_v4()',
  body: 'text NOT NULL',
  title: 'varchar(200) NOT NULL UNIQUE',
  '"readAt"': 'timestamptz(3)',
  '"madeAt"': 'timestamptz NOT NULL DEFAULT clock_timestamp()',
  tags: "text[] NOT NULL DEFAULT '{}'",
  size: 'integer NOT NULL DEFAULT 1',
  state: "text NOT NULL DEFAULT 'new'",
};
const INDEXES = `CREATE INDEX ON drift_notes (title, "readAt"); CREATE INDEX ON drift_notes ("readAt") WHERE body IS NULL`;

describe('entity drift', () => {
  let testDatabase: TestDatabase;
  let dataSource: DataSource;

  beforeAll(async () => {
    testDatabase = await createTestDatabase('auth');
    dataSource = await createDataSource(testDatabase.settings, testDatabase.settings.user, [
      Note,
    ]).initialize();
  });
  afterAll(async () => {
    await dataSource.destroy();
    await testDatabase.close();
  });
  afterEach(() => testDatabase.asSuperuser((client) => client.query('DROP TABLE IF EXISTS drift_notes')));

  async function differences(change: Partial<Record<string, string>>, indexes = INDEXES): Promise<string[]> {
    const columns = Object.entries({ ...COLUMNS, ...change }).map((column) => column.join(' '));
    await testDatabase.asSuperuser((client) =>
      client.query(`CREATE TABLE drift_notes (${columns.join(', ')}); ${indexes}`),
    );
    return new EntityDrift(dataSource).find();
  }

  it('is none when an entity and its table agree, whatever else the table has', async () => {
    expect(
      await differences({ extra: 'text', made: 'integer NOT NULL GENERATED ALWAYS AS IDENTITY' }),
    ).toEqual([]);
  });

  it('names a table that is missing', async () => {
    expect(await new EntityDrift(dataSource).find()).toEqual(['Note: there is no table drift_notes']);
  });

  it.each([
    ['another type', { body: 'integer NOT NULL' }, 'drift_notes.body is int4, and Note says text'],
    [
      'another length',
      { title: 'varchar(100) NOT NULL UNIQUE' },
      'drift_notes.title is varchar(100), and Note says varchar(200)',
    ],
    [
      'another precision',
      { '"readAt"': 'timestamptz' },
      'drift_notes.readAt is timestamptz, and Note says timestamptz(3)',
    ],
    ['no array', { tags: "text NOT NULL DEFAULT '{}'" }, 'drift_notes.tags is text, and Note says _text'],
    ['other nullability', { body: 'text' }, 'drift_notes.body is nullable, and Note says not null'],
    [
      'another default',
      { size: 'integer NOT NULL DEFAULT 2' },
      "drift_notes.size is by default 2, and Note says by default '1'",
    ],
    [
      'no default',
      { state: 'text NOT NULL' },
      "drift_notes.state is without default, and Note says by default 'new'",
    ],
    [
      'no default where the entity counts on one',
      { '"madeAt"': 'timestamptz NOT NULL' },
      'drift_notes.madeAt is without default, and Note says by default now()',
    ],
    [
      'a column that must be written and is not known',
      { owner: 'text NOT NULL' },
      'drift_notes.owner must be written, and Note does not know it',
    ],
    [
      'a missing unique key',
      { title: 'varchar(200) NOT NULL' },
      'drift_notes has no unique index on title, which Note declares',
    ],
  ])('names %s', async (_, change, difference) => {
    expect(await differences(change)).toEqual([difference]);
  });

  it('names a missing column', async () => {
    const found = await differences({}, `${INDEXES}; ALTER TABLE drift_notes DROP body`);
    expect(found).toContain('drift_notes.body is missing, and Note has it');
  });

  it('names missing indexes, of other columns or of all rows', async () => {
    expect(
      await differences(
        {},
        'CREATE INDEX ON drift_notes ("readAt", title); CREATE INDEX ON drift_notes ("readAt")',
      ),
    ).toEqual([
      'drift_notes has no partial index on readAt, which Note declares',
      'drift_notes has no index on title, readAt, which Note declares',
    ]);
  });
});
