import { Injectable } from '@nestjs/common';
import { DataSource, type EntityMetadata } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import { readStoredTables, type StoredColumn, type StoredTable } from './stored-tables.js';

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

/** What an entity says of an index, however it says it. */
interface DeclaredIndex {
  columns: string[];
  isUnique: boolean;
  isPartial: boolean;
}

/**
 * Compares the entities of a service with the database that its migrations made. What an entity does not say (a length, a
 * default, an index) the database may have or not: that is what the catalogue is compared for.
 */
@Injectable()
export class EntityDrift {
  constructor(private readonly dataSource: DataSource) {}

  /** One line for each difference; none when an entity can be read from and written to its table as it is. */
  async find(): Promise<string[]> {
    const tables = await readStoredTables(this.dataSource);
    return this.dataSource.entityMetadatas.flatMap((entity) => {
      const table = tables.get(entity.tablePath);
      if (table === undefined) return [`${entity.name}: there is no table ${entity.tablePath}`];
      return [
        ...entity.columns.flatMap((column) => this.columnDifferences(entity, column, table)),
        ...unwritableColumns(entity, table),
        ...missingIndexes(entity, table),
      ];
    });
  }

  private columnDifferences(entity: EntityMetadata, column: ColumnMetadata, table: StoredTable): string[] {
    const name = `${entity.tablePath}.${column.databaseName}`;
    const stored = table.columns.get(column.databaseName);
    if (!stored) return [`${name} is missing, and ${entity.name} has it`];
    const nullability = (isNullable: boolean) => (isNullable ? 'nullable' : 'not null');
    const pairs: [found: string, declared: string][] = [
      this.typesOf(column, stored),
      [nullability(stored.isNullable), nullability(column.isNullable)],
      this.defaultsOf(column, stored),
    ];
    return pairs
      .filter(([found, declared]) => found !== declared)
      .map(([found, declared]) => `${name} is ${found}, and ${entity.name} says ${declared}`);
  }

  private typesOf(column: ColumnMetadata, stored: StoredColumn): [string, string] {
    const type = this.dataSource.driver.normalizeType(column);
    const declared = `${CATALOGUE_NAMES[type] ?? type}${modifierOf(column)}`;
    // A length or precision is compared when the entity has one.
    const found = modifierOf(column) === '' ? stored.type : `${stored.type}${stored.modifier}`;
    return [found, column.isArray ? `_${declared}` : declared];
  }

  /** Of a default that is an expression the entity only counts on there being one; an id it makes itself. */
  private defaultsOf(column: ColumnMetadata, stored: StoredColumn): [string, string] {
    const declared = this.dataSource.driver.normalizeDefault(column);
    if (declared === undefined || column.isPrimary) return ['', ''];
    if (stored.default === null) return ['without default', `by default ${declared}`];
    const isExpression = typeof column.default === 'function';
    if (isExpression || plainDefault(declared) === plainDefault(stored.default)) return ['', ''];
    return [`by default ${stored.default}`, `by default ${declared}`];
  }
}

function modifierOf({ length, precision, scale }: ColumnMetadata): string {
  if (length !== '') return `(${length})`;
  if (precision === undefined || precision === null) return '';
  return scale === undefined ? `(${precision})` : `(${precision},${scale})`;
}

/** PostgreSQL prints a default with the casts it understood and with parentheses, TypeORM a number in quotes. */
function plainDefault(text: string): string {
  return text
    .replace(/::(?:"[^"]+"|[\w ]+)(?:\(\d+\))?(?:\[\])?/g, '')
    .replace(/^'(-?[\d.]+)'$/, '$1')
    .replace(/[\s()]/g, '')
    .toLowerCase();
}

function unwritableColumns(entity: EntityMetadata, table: StoredTable): string[] {
  const mapped = new Set(entity.columns.map((column) => column.databaseName));
  return [...table.columns]
    .filter(([name, column]) => !mapped.has(name) && !column.isNullable && !column.isFilled)
    .map(([name]) => `${entity.tablePath}.${name} must be written, and ${entity.name} does not know it`);
}

function missingIndexes(entity: EntityMetadata, table: StoredTable): string[] {
  const databaseNames = (columns: ColumnMetadata[]) => columns.map((column) => column.databaseName);
  const declared: DeclaredIndex[] = [
    ...entity.uniques.map((unique) => ({
      columns: databaseNames(unique.columns),
      isUnique: true,
      isPartial: false,
    })),
    ...entity.indices.map((index) => ({
      columns: databaseNames(index.columns),
      isUnique: index.isUnique,
      isPartial: Boolean(index.where),
    })),
  ];
  return declared
    .filter(
      (index) =>
        !table.indexes.some(
          (stored) =>
            stored.columns.join() === index.columns.join() &&
            stored.isUnique === index.isUnique &&
            stored.isPartial === index.isPartial,
        ),
    )
    .map(({ columns, isUnique, isPartial }) => {
      const kind = `${isPartial ? 'partial ' : ''}${isUnique ? 'unique ' : ''}index`;
      return `${entity.tablePath} has no ${kind} on ${columns.join(', ')}, which ${entity.name} declares`;
    });
}

/** The command `drift`: prints every difference. @returns 1 when there is one */
export async function driftCommand(drift: EntityDrift, print: (line: string) => void): Promise<number> {
  const differences = await drift.find();
  differences.forEach(print);
  return differences.length === 0 ? 0 : 1;
}
