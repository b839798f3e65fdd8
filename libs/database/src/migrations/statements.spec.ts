import { splitStatements } from './statements.js';

const texts = (sql: string) => splitStatements(sql).map((statement) => statement.text.trim());

describe('splitStatements', () => {
  it.each([
    ['no statement', ' -- only; a comment\n /* ; */ ;; ', []],
    ['a last one without semicolon', 'SELECT 1; SELECT 2', ['SELECT 1', 'SELECT 2']],
    ['strings', "SELECT 'a;''b;'; SELECT 2", ["SELECT 'a;''b;'", 'SELECT 2']],
    ['strings with escapes', "SELECT E'a\\';b', 'c'; SELECT 2", ["SELECT E'a\\';b', 'c'", 'SELECT 2']],
    ['a backslash in a plain string', "SELECT 'a\\'; SELECT 2", ["SELECT 'a\\'", 'SELECT 2']],
    ['quoted names', 'SELECT 1 AS "a;""b"; SELECT 2', ['SELECT 1 AS "a;""b"', 'SELECT 2']],
    ['dollar quotes', 'DO $$ BEGIN; END $$; SELECT 2', ['DO $$ BEGIN; END $$', 'SELECT 2']],
    [
      'dollar quotes in dollar quotes',
      'DO $a$ $$;$$ $b$;$b$ $a$; SELECT 2',
      ['DO $a$ $$;$$ $b$;$b$ $a$', 'SELECT 2'],
    ],
    ['dollars in names', 'SELECT a$b$c; SELECT 2', ['SELECT a$b$c', 'SELECT 2']],
    [
      'nested comments',
      'SELECT /* a; /* b; */ c; */ 1; SELECT 2',
      ['SELECT /* a; /* b; */ c; */ 1', 'SELECT 2'],
    ],
    [
      'rules',
      'CREATE RULE r AS ON UPDATE TO t DO (DELETE FROM a; DELETE FROM b); SELECT 2',
      ['CREATE RULE r AS ON UPDATE TO t DO (DELETE FROM a; DELETE FROM b)', 'SELECT 2'],
    ],
    [
      'bodies of standard SQL',
      'CREATE OR REPLACE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT CASE WHEN true THEN 1 END; END; SELECT 2',
      [
        'CREATE OR REPLACE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT CASE WHEN true THEN 1 END; END',
        'SELECT 2',
      ],
    ],
    [
      'names like keywords',
      'CREATE TABLE begin_case (n int); SELECT 2',
      ['CREATE TABLE begin_case (n int)', 'SELECT 2'],
    ],
    ['other scripts than Latin', 'SELECT 1 AS größe; SELECT 2', ['SELECT 1 AS größe', 'SELECT 2']],
  ])('knows %s', (_, sql, statements) => {
    expect(texts(sql)).toEqual(statements);
  });

  it('tells where each begins', () => {
    expect(
      splitStatements('SELECT 1;\n-- The second.\n(SELECT 2)').map(({ offset, text }) => ({ offset, text })),
    ).toEqual([
      { offset: 0, text: 'SELECT 1' },
      { offset: 25, text: '(SELECT 2)' },
    ]);
  });

  it('tells the words of each, and nothing of what is quoted or a comment', () => {
    const sql = `-- concurrently\nCREATE INDEX "concurrently" ON t ('concurrently', $$concurrently$$) /* concurrently */`;
    expect(splitStatements(sql).map((each) => each.words)).toEqual([['create', 'index', 'on', 't']]);
  });
});
