import { z } from 'zod';
import { numberedPageRequest } from './page.js';

const request = numberedPageRequest({ projectId: z.string() });
const read = (query: Record<string, string>) => request.safeParse({ projectId: 'p', ...query });
const faultsOf = (query: Record<string, string>) =>
  read(query).error?.issues.map(({ path }) => path.join('.'));

describe('the request of a page', () => {
  it('reads numbers from a query, fifty items at first', () => {
    expect(read({}).data).toEqual({ projectId: 'p', limit: 50 });
    expect(read({ page: '2', pageSize: '20' }).data).toMatchObject({ page: 2, pageSize: 20 });
    expect(read({ limit: '7', cursor: 'c' }).data).toMatchObject({ limit: 7, cursor: 'c' });
  });

  it.each([
    [{ limit: '0' }, 'limit'],
    [{ limit: '101' }, 'limit'],
    [{ page: '0' }, 'page'],
    [{ page: '1.5' }, 'page'],
    [{ page: '10001' }, 'page'],
    [{ page: '1', pageSize: '101' }, 'pageSize'],
    [{ pageSize: '20' }, 'pageSize'],
    [{ page: '2', cursor: 'c' }, 'cursor'],
    [{ cursor: 'c'.repeat(201) }, 'cursor'],
  ])('refuses %j, naming the field', (query, field) => {
    expect(faultsOf(query)).toEqual([field]);
  });
});
