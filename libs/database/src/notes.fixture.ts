import type { DatabaseSettings } from '@capsule/config';
import pg from 'pg';
import { Column, DataSource, Entity } from 'typeorm';
import { AuditedEntity } from './audited-entity.js';
import { createDataSource } from './data-source.js';
import { Database } from './database.js';
import type { OwnerConnection } from './migrations/migration-session.js';

// Two tables as migrations/README.md says to write them, and a service's Database over them.

const TABLES = `
  CREATE TABLE folders (
    id uuid NOT NULL DEFAULT uuid_generate_v4(),
    tenant_id uuid NOT NULL,
    CONSTRAINT pk_folders PRIMARY KEY (id),
    CONSTRAINT uq_folders__tenant UNIQUE (tenant_id, id)
  );
  CREATE TABLE notes (
    id uuid NOT NULL DEFAULT uuid_generate_v4(),
    tenant_id uuid NOT NULL,
    folder_id uuid,
    title text NOT NULL,
    created_at timestamptz(3) NOT NULL DEFAULT now(),
    updated_at timestamptz(3) NOT NULL DEFAULT now(),
    created_by text DEFAULT NULLIF(current_setting('app.actor_id', true), ''),
    updated_by text DEFAULT NULLIF(current_setting('app.actor_id', true), ''),
    CONSTRAINT pk_notes PRIMARY KEY (id),
    CONSTRAINT uq_notes__title UNIQUE (tenant_id, title),
    CONSTRAINT fk_notes__folder FOREIGN KEY (tenant_id, folder_id) REFERENCES folders (tenant_id, id)
  );
  ALTER TABLE folders ENABLE ROW LEVEL SECURITY;
  ALTER TABLE folders FORCE ROW LEVEL SECURITY;
  CREATE POLICY tenant ON folders
    USING (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid);
  ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
  ALTER TABLE notes FORCE ROW LEVEL SECURITY;
  CREATE POLICY tenant ON notes
    USING (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid);
  CREATE TRIGGER set_updated_at BEFORE UPDATE ON notes FOR EACH ROW EXECUTE FUNCTION set_updated_at();
  GRANT SELECT, INSERT ON folders TO auth_user;
  GRANT SELECT, INSERT, DELETE, UPDATE (title) ON notes TO auth_user;`;

@Entity('notes')
export class Note extends AuditedEntity {
  @Column({ name: 'tenant_id', type: 'uuid' })
  tenantId!: string;

  @Column({ type: 'text' })
  title!: string;
}

/** A database of @capsule/testing, which only specs themselves import. */
interface TestDatabase {
  settings: DatabaseSettings;
  owner: OwnerConnection;
  asSuperuser<T>(work: (client: pg.Client) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export class NotesDatabase {
  private constructor(
    readonly test: TestDatabase,
    readonly dataSource: DataSource,
    readonly database: Database,
  ) {}

  /** With one connection, consecutive transactions are sure to share it. */
  static async create(test: TestDatabase, settings: Partial<DatabaseSettings> = {}): Promise<NotesDatabase> {
    const owner = new pg.Client({ ...test.owner, database: test.owner.name });
    await owner.connect();
    await owner.query(TABLES);
    await owner.end();
    return NotesDatabase.connect(test, settings);
  }

  /** Another pool of the same database. */
  static async connect(test: TestDatabase, settings: Partial<DatabaseSettings> = {}): Promise<NotesDatabase> {
    const dataSource = createDataSource({ ...test.settings, poolMin: 0, ...settings }, 'spec', [Note]);
    await dataSource.initialize();
    return new NotesDatabase(test, dataSource, new Database(dataSource));
  }

  /** Titles of all tenants, whoever may see them. */
  titles(): Promise<string[]> {
    return this.test.asSuperuser(async (client) => {
      const { rows } = await client.query<{ title: string }>('SELECT title FROM notes ORDER BY title');
      return rows.map((row) => row.title);
    });
  }

  async close(): Promise<void> {
    await this.database.close();
    await this.test.close();
  }
}

export const insertNote = {
  name: 'insert-note',
  text: 'INSERT INTO notes (tenant_id, title) VALUES ($1, $2) RETURNING id',
};
export const selectTitles = { name: 'select-titles', text: 'SELECT title FROM notes ORDER BY title' };
