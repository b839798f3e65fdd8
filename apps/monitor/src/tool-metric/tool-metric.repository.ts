import { Injectable } from '@nestjs/common';
import {
  type KeysetList,
  type NumberedPage,
  type PageRequest,
  Pagination,
  type Transaction,
  uuidv7,
} from '@capsule/database';
import type { OwnTables } from '../tenant/own-tables.js';

export interface ToolMetricRow {
  id: string;
  workSessionId: string;
  tool: string;
  durationMs: number;
  succeeded: boolean;
  usedAt: Date;
}

interface Filter {
  workSessionId?: string | undefined;
  tool?: string | undefined;
}

const COLUMNS =
  'id, session_id AS "workSessionId", tool, duration_ms AS "durationMs", succeeded, used_at AS "usedAt"';

@Injectable()
export class ToolMetricRepository {
  constructor(private readonly pagination: Pagination) {}

  async insert(
    tx: Transaction,
    { toolMetrics }: OwnTables,
    metric: Omit<ToolMetricRow, 'id'>,
  ): Promise<ToolMetricRow> {
    const row = { id: uuidv7(), ...metric };
    await tx.query(
      `INSERT INTO ${toolMetrics} (id, session_id, tool, duration_ms, succeeded, used_at)
       VALUES ($1, $2, $3, $4, $5, $6)`,
      [row.id, row.workSessionId, row.tool, row.durationMs, row.succeeded, row.usedAt],
    );
    return row;
  }

  /** @throws DomainError platform.cursor.invalid */
  list<Item>(
    tx: Transaction,
    tables: OwnTables,
    { workSessionId, tool, ...page }: PageRequest & Filter,
    view: (row: ToolMetricRow) => Item,
  ): Promise<NumberedPage<Item>> {
    const { list, parameters } = listOf(tables, { workSessionId, tool });
    return this.pagination.read(tx, list, parameters, page, view);
  }
}

/** A text of its own for each filter, so that each is read from its index in order. */
function listOf(
  { toolMetrics }: OwnTables,
  { workSessionId, tool }: Filter,
): { list: KeysetList<ToolMetricRow>; parameters: string[] } {
  const filters = [
    ...(workSessionId === undefined ? [] : [{ column: 'session_id', value: workSessionId }]),
    ...(tool === undefined ? [] : [{ column: 'tool', value: tool }]),
  ];
  const conditions = filters.map(({ column }, index) => `${column} = $${index + 1}`);
  return {
    list: {
      name: ['monitor.tool-metrics', ...filters.map(({ column }) => column)].join('-by-'),
      select: `SELECT ${COLUMNS} FROM ${toolMetrics}`,
      table: toolMetrics,
      where: conditions.join(' AND ') || 'true',
      instant: 'used_at',
      id: 'id',
      order: 'newest first',
      positionOf: ({ usedAt, id }) => ({ instant: usedAt, id }),
    },
    parameters: filters.map(({ value }) => value),
  };
}
