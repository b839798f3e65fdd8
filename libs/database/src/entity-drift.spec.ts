import { createTestDatabase, type TestDatabase } from '@capsule/testing';
import { Column, type DataSource, Entity, PrimaryColumn } from 'typeorm';
import { createDataSource } from './data-source.js';
import { EntityDrift } from './entity-drift.js';

@Entity('drift_notes')
class Note {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('text')
  body!: string;

  @Column('timestamptz', { nullable: true })
  readAt!: Date | null;
}

describe('entity drift', () => {
  let testDatabase: TestDatabase;
  let dataSource: DataSource;

  beforeEach(async () => {
    testDatabase = await createTestDatabase('auth');
    dataSource = await createDataSource(testDatabase.settings, testDatabase.settings.user, [
      Note,
    ]).initialize();
  });
  afterEach(async () => {
    await dataSource.destroy();
    await testDatabase.close();
  });

  async function differences(columns: string): Promise<string[]> {
    await testDatabase.asSuperuser((client) => client.query(`CREATE TABLE drift_notes (${columns})`));
    return new EntityDrift(dataSource).find();
  }

  it('is none when an entity and its table agree', async () => {
    expect(
      await differences('id uuid PRIMARY KEY, body text NOT NULL, "readAt" timestamptz, extra text'),
    ).toEqual([]);
  });

  it('names a table that is missing', async () => {
    expect(await new EntityDrift(dataSource).find()).toEqual(['Note: there is no table drift_notes']);
  });

  it.each([
    ['a missing column', 'id uuid PRIMARY KEY, body text NOT NULL', 'drift_notes.readAt is missing'],
    ['another type', 'id uuid PRIMARY KEY, body integer NOT NULL, "readAt" timestamptz', 'body is int4'],
    ['other nullability', 'id uuid PRIMARY KEY, body text, "readAt" timestamptz', 'body is nullable'],
    [
      'a column that must be written and is not known',
      'id uuid PRIMARY KEY, body text NOT NULL, "readAt" timestamptz, owner text NOT NULL',
      'drift_notes.owner must be written',
    ],
  ])('names %s', async (_, columns, difference) => {
    expect(await differences(columns)).toEqual([expect.stringContaining(difference)]);
  });
});
