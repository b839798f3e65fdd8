import { pageOfRows, readCursor } from './cursor.js';

const row = (n: number) => ({
  id: `00000000-0000-7000-8000-00000000000${n}`,
  createdAt: new Date(Date.UTC(2030, 0, n)),
});

describe('a page', () => {
  it('names the position of its last row when there is more', () => {
    const page = pageOfRows([row(1), row(2), row(3)], 2, ({ id }) => id);
    expect(page.items).toEqual([row(1).id, row(2).id]);
    expect(readCursor(page.nextCursor ?? '')).toEqual({
      createdAt: '2030-01-02T00:00:00.000Z',
      id: row(2).id,
    });
  });

  it('is the last one when there is no more', () => {
    expect(pageOfRows([row(1), row(2)], 2, ({ id }) => id).nextCursor).toBeNull();
  });

  it.each([
    '',
    '!!',
    'bm90aGluZw',
    Buffer.from(`2030-13-45T99:00:00.000Z|${row(1).id}`).toString('base64url'),
  ])('refuses the cursor %p, which it did not make', (cursor) => {
    expect(() => readCursor(cursor)).toThrow(expect.objectContaining({ code: 'platform.cursor.invalid' }));
  });
});
