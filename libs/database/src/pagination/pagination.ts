import type { Transaction } from '../transaction.js';
import { Cursors } from './cursors.js';
import { type KeysetList, statementsOf } from './keyset-list.js';

/** The part of a list's request that says which page; the contract has checked it. */
export interface PageRequest {
  limit: number;
  cursor?: string | undefined;
  page?: number | undefined;
  pageSize?: number | undefined;
}

export interface Page<Item> {
  items: Item[];
  /** Null on the last page. */
  nextCursor: string | null;
}

export interface NumberedPage<Item> extends Page<Item> {
  page?: number;
  pageSize?: number;
  total?: number;
}

/** The one way to read a list in pages: by cursor, or by number for people. */
export class Pagination {
  private readonly cursors: Cursors;

  constructor(cursorKey: string) {
    this.cursors = new Cursors(cursorKey);
  }

  /**
   * One page of the list, and a cursor to the next one in either form.
   * @param parameters values of `$1` … in the list's condition
   * @throws DomainError platform.cursor.invalid
   */
  async read<Row, Item>(
    tx: Transaction,
    list: KeysetList<Row>,
    parameters: readonly unknown[],
    request: PageRequest,
    view: (row: Row) => Item,
  ): Promise<NumberedPage<Item>> {
    const { page, pageSize = request.limit } = request;
    const statements = statementsOf(list, parameters.length);
    const scope = JSON.stringify([list.name, tx.tenantId, ...parameters]);
    const toPage = (rows: Row[], size: number) => this.toPage(list, scope, rows, size, view);
    if (page !== undefined) {
      const [counted] = await tx.query<{ total: number }>(statements.count, parameters);
      const rows = await tx.query<Row>(statements.numbered, [
        ...parameters,
        pageSize + 1,
        (page - 1) * pageSize,
      ]);
      return { ...toPage(rows, pageSize), page, pageSize, total: counted?.total ?? 0 };
    }
    if (request.cursor === undefined) {
      return toPage(await tx.query<Row>(statements.first, [...parameters, request.limit + 1]), request.limit);
    }
    const { instant, id } = this.cursors.read(scope, request.cursor);
    const rows = await tx.query<Row>(statements.after, [...parameters, request.limit + 1, instant, id]);
    return toPage(rows, request.limit);
  }

  /** Out of up to `size + 1` rows: the surplus row only tells that there is a next page. */
  private toPage<Row, Item>(
    list: KeysetList<Row>,
    scope: string,
    rows: readonly Row[],
    size: number,
    view: (row: Row) => Item,
  ): Page<Item> {
    const shown = rows.slice(0, size);
    const last = shown.at(-1);
    const hasMore = rows.length > size && last !== undefined;
    return {
      items: shown.map(view),
      nextCursor: hasMore ? this.cursors.write(scope, list.positionOf(last)) : null,
    };
  }
}
