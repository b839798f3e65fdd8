import { Injectable } from '@nestjs/common';
import { DataSource, type EntityMetadata } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';

interface StoredColumn {
  table_name: string;
  column_name: string;
  type: string;
  is_nullable: boolean;
  has_default: boolean;
}

/** Columns of every table of the schema as PostgreSQL's catalogue has them. */
const COLUMNS = `
  SELECT c.relname AS table_name, a.attname AS column_name, t.typname AS type, NOT a.attnotnull AS is_nullable,
         a.atthasdef OR a.attidentity <> '' AS has_default
  FROM pg_attribute a
  JOIN pg_class c ON c.oid = a.attrelid
  JOIN pg_type t ON t.oid = a.atttypid
  WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped`;

/** TypeORM's names of types that the catalogue spells otherwise. */
const CATALOGUE_NAMES: Readonly<Record<string, string>> = {
  'timestamp with time zone': 'timestamptz',
  'character varying': 'varchar',
  boolean: 'bool',
  integer: 'int4',
  bigint: 'int8',
  smallint: 'int2',
  'double precision': 'float8',
};

/** Compares the entities of a service with the database that its migrations made. */
@Injectable()
export class EntityDrift {
  constructor(private readonly dataSource: DataSource) {}

  /** One line for each difference; none when an entity can be read from and written to its table as it is. */
  async find(): Promise<string[]> {
    const stored = await this.dataSource.query<StoredColumn[]>(COLUMNS);
    return this.dataSource.entityMetadatas.flatMap((entity) => this.differencesOf(entity, stored));
  }

  private differencesOf(entity: EntityMetadata, stored: readonly StoredColumn[]): string[] {
    const table = stored.filter((column) => column.table_name === entity.tableName);
    if (table.length === 0) return [`${entity.name}: there is no table ${entity.tableName}`];
    const mapped = new Map(entity.columns.map((column) => [column.databaseName, column]));
    const unwritable = table
      .filter((column) => !mapped.has(column.column_name) && !column.is_nullable && !column.has_default)
      .map(
        (column) =>
          `${entity.tableName}.${column.column_name} must be written, and ${entity.name} does not know it`,
      );
    const faulty = [...mapped.values()].flatMap((column) =>
      this.columnDifferences(
        entity,
        column,
        table.find((each) => each.column_name === column.databaseName),
      ),
    );
    return [...faulty, ...unwritable];
  }

  private columnDifferences(entity: EntityMetadata, column: ColumnMetadata, stored?: StoredColumn): string[] {
    const name = `${entity.tableName}.${column.databaseName}`;
    if (!stored) return [`${name} is missing, and ${entity.name} has it`];
    const differences: string[] = [];
    const type = this.catalogueType(column);
    if (stored.type !== type) differences.push(`${name} is ${stored.type}, and ${entity.name} says ${type}`);
    if (stored.is_nullable !== column.isNullable) {
      const say = (nullable: boolean) => (nullable ? 'nullable' : 'not null');
      differences.push(
        `${name} is ${say(stored.is_nullable)}, and ${entity.name} says ${say(column.isNullable)}`,
      );
    }
    return differences;
  }

  private catalogueType(column: ColumnMetadata): string {
    const type = this.dataSource.driver.normalizeType(column);
    const name = CATALOGUE_NAMES[type] ?? type;
    return column.isArray ? `_${name}` : name;
  }
}

/** The command `drift`: prints every difference. @returns 1 when there is one */
export async function driftCommand(drift: EntityDrift, print: (line: string) => void): Promise<number> {
  const differences = await drift.find();
  differences.forEach(print);
  return differences.length === 0 ? 0 : 1;
}
