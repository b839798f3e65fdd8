import type { Position } from './cursors.js';

/**
 * A list in one fixed order: by an instant, and by id where instants are equal. No row changes its place, so readers who
 * come back with a position get none twice, and miss none that was committed when they began. One that is committed
 * while they read is shown when its place is ahead of them. It may lie behind them also in a list with the oldest first:
 * an instant is that of the beginning of a transaction, which others overtake. Only who reads anew is shown that row, so
 * no one may wait for what is new by keeping a position. The instant must be stored in milliseconds and be in the index
 * that serves the list, `(…parameters, instant, id)`.
 */
export interface KeysetList<Row> {
  /** Unique among the lists of all services, and changed together with the order: its cursors hold for it alone. */
  readonly name: string;
  /** `SELECT … FROM …`; whatever it joins leaves the number of rows as it is. */
  readonly select: string;
  /** The table whose rows are counted, under the alias that `select` gives it. */
  readonly table: string;
  /** Of `$1`, `$2` …, the parameters of the list. The tenant in words lets an index give the rows in order. */
  readonly where: string;
  /** SQL of the two that the order is made of. */
  readonly instant: string;
  readonly id: string;
  readonly order: 'oldest first' | 'newest first';
  positionOf(row: Row): Position;
}

export interface ListStatements {
  /** Takes the parameters and a limit. */
  first: string;
  /** Takes the parameters, a limit, and instant and id of a position. */
  after: string;
  /** Takes the parameters, a limit and an offset. */
  numbered: string;
  /** Takes the parameters. */
  count: string;
}

/** Two texts for the first page and the others, not one with `OR`: that could not be read from the index in order. */
export function statementsOf<Row>(list: KeysetList<Row>, parameterCount: number): ListStatements {
  const { select, table, where, instant, id } = list;
  const [direction, beyond] = list.order === 'oldest first' ? ['ASC', '>'] : ['DESC', '<'];
  const parameter = (n: number) => `$${parameterCount + n}`;
  const ordered = `ORDER BY ${instant} ${direction}, ${id} ${direction} LIMIT ${parameter(1)}`;
  const position = `(${parameter(2)}::timestamptz, ${parameter(3)}::uuid)`;
  return {
    first: `${select} WHERE ${where} ${ordered}`,
    after: `${select} WHERE ${where} AND (${instant}, ${id}) ${beyond} ${position} ${ordered}`,
    numbered: `${select} WHERE ${where} ${ordered} OFFSET ${parameter(2)}`,
    count: `SELECT count(*)::integer AS total FROM ${table} WHERE ${where}`,
  };
}
