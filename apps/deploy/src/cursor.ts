import { DomainError } from '@capsule/errors';

/** Where a page ended, in the order (created_at, id). */
export interface Position {
  createdAt: string;
  id: string;
}

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** @throws DomainError platform.cursor.invalid */
export function readCursor(cursor: string | undefined): Position | null {
  if (cursor === undefined) return null;
  const [createdAt = '', id = '', ...rest] = Buffer.from(cursor, 'base64url').toString('latin1').split('|');
  const readable = INSTANT.test(createdAt) && !Number.isNaN(Date.parse(createdAt)) && UUID.test(id);
  if (!readable || rest.length > 0) throw new DomainError('platform.cursor.invalid');
  return { createdAt, id };
}

/**
 * One page out of up to `limit + 1` rows: the surplus row only tells that there is a next page.
 */
export function pageOfRows<Row extends { id: string; createdAt: Date }, Item>(
  rows: readonly Row[],
  limit: number,
  view: (row: Row) => Item,
): { items: Item[]; nextCursor: string | null } {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const nextCursor =
    rows.length > limit && last
      ? Buffer.from(`${last.createdAt.toISOString()}|${last.id}`, 'latin1').toString('base64url')
      : null;
  return { items: page.map(view), nextCursor };
}
