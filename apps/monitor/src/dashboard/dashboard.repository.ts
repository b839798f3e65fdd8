import { Injectable } from '@nestjs/common';
import type { Widget } from '@capsule/contracts';
import {
  type KeysetList,
  type NumberedPage,
  type PageRequest,
  Pagination,
  type Transaction,
  translateConstraint,
  uuidv7,
} from '@capsule/database';
import type { OwnTables } from '../tenant/own-tables.js';

export interface DashboardRow {
  id: string;
  name: string;
  widgets: Widget[];
  createdAt: Date;
  updatedAt: Date;
}

const COLUMNS = 'id, name, widgets, created_at AS "createdAt", updated_at AS "updatedAt"';

function listOf({ dashboardConfigs }: OwnTables): KeysetList<DashboardRow> {
  return {
    name: 'monitor.dashboards',
    select: `SELECT ${COLUMNS} FROM ${dashboardConfigs}`,
    table: dashboardConfigs,
    where: 'true',
    instant: 'created_at',
    id: 'id',
    order: 'oldest first',
    positionOf: ({ createdAt, id }) => ({ instant: createdAt, id }),
  };
}

@Injectable()
export class DashboardRepository {
  constructor(private readonly pagination: Pagination) {}

  /** @throws DomainError monitor.dashboard.name_taken */
  async insert(
    tx: Transaction,
    { dashboardConfigs }: OwnTables,
    { name, widgets }: Pick<DashboardRow, 'name' | 'widgets'>,
  ): Promise<DashboardRow | undefined> {
    const [row] = await tx
      .query<DashboardRow>(
        `INSERT INTO ${dashboardConfigs} (id, name, widgets) VALUES ($1, $2, $3) RETURNING ${COLUMNS}`,
        [uuidv7(), name, JSON.stringify(widgets)],
      )
      .catch(nameTaken);
    return row;
  }

  async findById(
    tx: Transaction,
    { dashboardConfigs }: OwnTables,
    id: string,
  ): Promise<DashboardRow | undefined> {
    const [row] = await tx.query<DashboardRow>(`SELECT ${COLUMNS} FROM ${dashboardConfigs} WHERE id = $1`, [
      id,
    ]);
    return row;
  }

  /** @throws DomainError platform.cursor.invalid */
  list<Item>(
    tx: Transaction,
    tables: OwnTables,
    page: PageRequest,
    view: (row: DashboardRow) => Item,
  ): Promise<NumberedPage<Item>> {
    return this.pagination.read(tx, listOf(tables), [], page, view);
  }

  /**
   * Changes what is given.
   * @throws DomainError monitor.dashboard.name_taken
   */
  async update(
    tx: Transaction,
    { dashboardConfigs }: OwnTables,
    id: string,
    { name, widgets }: { name?: string | undefined; widgets?: Widget[] | undefined },
  ): Promise<DashboardRow | undefined> {
    const [row] = await tx
      .query<DashboardRow>(
        `UPDATE ${dashboardConfigs} SET name = coalesce($2, name), widgets = coalesce($3::jsonb, widgets)
         WHERE id = $1 RETURNING ${COLUMNS}`,
        [id, name ?? null, widgets === undefined ? null : JSON.stringify(widgets)],
      )
      .catch(nameTaken);
    return row;
  }

  /** @returns whether there was one */
  async delete(tx: Transaction, { dashboardConfigs }: OwnTables, id: string): Promise<boolean> {
    const rows = await tx.query(`DELETE FROM ${dashboardConfigs} WHERE id = $1 RETURNING id`, [id]);
    return rows.length > 0;
  }
}

function nameTaken(error: unknown): never {
  throw translateConstraint(error, { uq_dashboard_configs__name: 'monitor.dashboard.name_taken' });
}
