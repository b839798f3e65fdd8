import { z } from 'zod';

const PAGE_SIZE_MAX = 100;
/** Every row before a numbered page is read and thrown away, so there is an end to how far the numbers go. */
const PAGE_NUMBER_MAX = 10_000;
const CURSOR_LENGTH_MAX = 200;

/** What `nextCursor` of every list is described as. */
export const NEXT_CURSOR = 'Pass it as `cursor` to read the next page; null on the last one.';

const pageSizeSchema = z.coerce.number().int().min(1).max(PAGE_SIZE_MAX);

/** What a list is asked by that is read from one end to the other: pass `nextCursor` on until it is null. */
export const pageRequestShape = {
  limit: pageSizeSchema.default(50).describe('The most items that a page may have.'),
  cursor: z
    .string()
    .max(CURSOR_LENGTH_MAX)
    .optional()
    .describe('`nextCursor` of the page before; the first page without it.'),
};

/** The one shape of a list: `nextCursor` is null on the last page. */
export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({
    items: z.array(item).describe('The items of this page, in the order of the list.'),
    nextCursor: z.string().nullable().describe(NEXT_CURSOR),
  });
}

/**
 * The request of a list that people leaf through as well, by `page` and `pageSize` (which is `limit` without one).
 * @param fields what the list is asked by beside the page
 */
export function numberedPageRequest<Shape extends z.ZodRawShape>(fields: Shape) {
  return z
    .strictObject({
      ...fields,
      ...pageRequestShape,
      page: z.coerce
        .number()
        .int()
        .min(1)
        .max(PAGE_NUMBER_MAX)
        .optional()
        .describe('Number of the page to read, the first being 1; not together with `cursor`.'),
      pageSize: pageSizeSchema
        .optional()
        .describe('Number of items on a numbered page, `limit` unless given; needs `page`.'),
    })
    .superRefine((request: { cursor?: unknown; page?: unknown; pageSize?: unknown }, context) => {
      const refuse = (field: string, message: string) =>
        context.addIssue({ code: 'custom', path: [field], message });
      if (request.page === undefined && request.pageSize !== undefined) refuse('pageSize', 'Needs `page`');
      if (request.page !== undefined && request.cursor !== undefined)
        refuse('cursor', 'Not together with `page`');
    });
}

/** A list that was asked for by page number tells it again, with its size and the total of the list; others don't. */
export function numberedPageOf<Item extends z.ZodType>(item: Item) {
  return pageOf(item).extend({
    page: z.int().optional().describe('Number of this page, when the list was asked for by `page`.'),
    pageSize: z
      .int()
      .optional()
      .describe('Number of items on a full page, when the list was asked for by `page`.'),
    total: z.int().optional().describe('Number of items in the whole list, when it was asked for by `page`.'),
  });
}
