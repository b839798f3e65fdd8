import { Injectable } from '@nestjs/common';
import {
  type KeysetList,
  type NumberedPage,
  type PageRequest,
  Pagination,
  type Transaction,
  uuidv7,
} from '@capsule/database';
import type { ResponseOf, workSessionCreate } from '@capsule/contracts';
import type { OwnTables } from '../tenant/own-tables.js';

export interface WorkSessionRow {
  id: string;
  userId: string;
  client: ResponseOf<typeof workSessionCreate>['client'];
  startedAt: Date;
  endedAt: Date | null;
}

const COLUMNS = 'id, user_id AS "userId", client, started_at AS "startedAt", ended_at AS "endedAt"';

function listOf({ metricsSessions }: OwnTables): KeysetList<WorkSessionRow> {
  return {
    name: 'monitor.work-sessions',
    select: `SELECT ${COLUMNS} FROM ${metricsSessions}`,
    table: metricsSessions,
    where: 'true',
    instant: 'started_at',
    id: 'id',
    order: 'newest first',
    positionOf: ({ startedAt, id }) => ({ instant: startedAt, id }),
  };
}

@Injectable()
export class WorkSessionRepository {
  constructor(private readonly pagination: Pagination) {}

  async insert(
    tx: Transaction,
    { metricsSessions }: OwnTables,
    session: Omit<WorkSessionRow, 'id'>,
  ): Promise<WorkSessionRow> {
    const row = { id: uuidv7(), ...session };
    await tx.query(
      `INSERT INTO ${metricsSessions} (id, user_id, client, started_at, ended_at) VALUES ($1, $2, $3, $4, $5)`,
      [row.id, row.userId, row.client, row.startedAt, row.endedAt],
    );
    return row;
  }

  async find(
    tx: Transaction,
    { metricsSessions }: OwnTables,
    id: string,
  ): Promise<WorkSessionRow | undefined> {
    const [row] = await tx.query<WorkSessionRow>(`SELECT ${COLUMNS} FROM ${metricsSessions} WHERE id = $1`, [
      id,
    ]);
    return row;
  }

  /** Of one user: others' are as good as unknown. */
  async findOfUser(
    tx: Transaction,
    { metricsSessions }: OwnTables,
    id: string,
    userId: string,
  ): Promise<WorkSessionRow | undefined> {
    const [row] = await tx.query<WorkSessionRow>(
      `SELECT ${COLUMNS} FROM ${metricsSessions} WHERE id = $1 AND user_id = $2`,
      [id, userId],
    );
    return row;
  }

  /** The first end stays. A session that was begun in somebody's future ends when it begins. */
  async end(
    tx: Transaction,
    { metricsSessions }: OwnTables,
    id: string,
    userId: string,
    endedAt: Date,
  ): Promise<WorkSessionRow | undefined> {
    const [row] = await tx.query<WorkSessionRow>(
      `UPDATE ${metricsSessions} SET ended_at = coalesce(ended_at, greatest(started_at, $3))
       WHERE id = $1 AND user_id = $2 RETURNING ${COLUMNS}`,
      [id, userId, endedAt],
    );
    return row;
  }

  /** @throws DomainError platform.cursor.invalid */
  list<Item>(
    tx: Transaction,
    tables: OwnTables,
    { userId, ...page }: PageRequest & { userId?: string | undefined },
    view: (row: WorkSessionRow) => Item,
  ): Promise<NumberedPage<Item>> {
    const all = listOf(tables);
    if (userId === undefined) return this.pagination.read(tx, all, [], page, view);
    const ofUser = { ...all, name: 'monitor.work-sessions-of-user', where: 'user_id = $1' };
    return this.pagination.read(tx, ofUser, [userId], page, view);
  }
}
