import { normalizeStatement } from './normalize-statement.js';

describe('the shape of a statement', () => {
  it.each([
    ["SELECT 'secret', 1, 2.5, .5, 1e9, -3", 'SELECT ?, ?, ?, ?, ?, -?'],
    ["title = 'it''s secret' AND x", 'title = ? AND x'],
    [String.raw`title = E'it\'s secret' AND x`, 'title = ? AND x'],
    ["b = B'1011', x = X'beef', n = N'secret', u = U&'s\\0065cret'", 'b = ?, x = ?, n = ?, u = ?'],
    ['DO $$ secret $$; SELECT $tag$ secret $$ secret $tag$', 'DO ?; SELECT ?'],
    ["SELECT 1 -- secret\n, /* secret 'or not */ 2", 'SELECT ? , ?'],
    ["SELECT 'secret and no end", 'SELECT ?'],
  ])('has no literal of %s', (statement, shape) => {
    expect(normalizeStatement(statement)).toBe(shape);
  });

  it.each([
    'SELECT * FROM t1 AS e WHERE e.v2 = $1 AND x3b = $12',
    `SELECT "it's a name", "1 ""more""" FROM notes`,
    'SELECT pg_sleep FROM größe2',
  ])('keeps names and placeholders of %s', (statement) => {
    expect(normalizeStatement(statement)).toBe(statement);
  });

  it('is one line of at most a thousand characters', () => {
    const shape = normalizeStatement(`SELECT\n\t${'a, '.repeat(1000)}b`);
    expect(shape).toMatch(/^SELECT a, a/);
    expect(shape).toHaveLength(1000);
  });
});
