// Splits a script into its statements, for files that don't run in a transaction: PostgreSQL runs several statements
// that are sent together in one, whatever they are.
//
// It knows what a semicolon can hide in (quotes, dollar quotes, comments, and bodies of BEGIN ATOMIC … END), and no more
// of the language. It reads psql's rules: a body is only looked for after CREATE FUNCTION and CREATE PROCEDURE.

export interface Statement {
  /** From its first token on, without the comments before it. */
  text: string;
  /** Where it begins in the script, in characters from 0. */
  offset: number;
  /** Its keywords and unquoted names, in small letters: nothing of a comment, a string or a quoted name. */
  words: readonly string[];
}

const TOKEN = new RegExp(
  [
    /--[^\n]*/, // a comment, to the end of its line
    /\/\*/, // a comment that may hold others; its end is found by hand
    /\b[eE]'(?:[^'\\]|\\[^]|'')*'/, // a string with escapes
    /'(?:[^']|'')*'/,
    /"(?:[^"]|"")*"/,
    /\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/, // a dollar quote's beginning; its end is found by hand
    /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/, // a word
    /[;()]/,
  ]
    .map((part) => part.source)
    .join('|'),
  'gu',
);

export function splitStatements(sql: string): Statement[] {
  const statements: Statement[] = [];
  const tokens = new RegExp(TOKEN);
  let start: number | undefined;
  let words: string[] = [];
  let depth = 0;
  let bodies = 0;
  const finish = (end: number) => {
    if (start !== undefined && words.length > 0)
      statements.push({ text: sql.slice(start, end), offset: start, words });
    [start, words, depth, bodies] = [undefined, [], 0, 0];
  };
  for (let match = tokens.exec(sql); match !== null; match = tokens.exec(sql)) {
    const [token] = match;
    if (token.startsWith('--')) continue;
    if (token === '/*') {
      tokens.lastIndex = commentEnd(sql, tokens.lastIndex);
      continue;
    }
    if (token !== ';') start ??= match.index;
    if (token.startsWith('$')) tokens.lastIndex = endOf(sql, token, tokens.lastIndex);
    else if (token === '(') depth += 1;
    else if (token === ')') depth -= 1;
    else if (token === ';') {
      if (depth === 0 && bodies === 0) finish(match.index);
    } else if (/^\w/.test(token) && !token.includes("'")) {
      words.push(token.toLowerCase());
      bodies = bodiesAfter(words, bodies);
    }
  }
  finish(sql.length);
  return statements;
}

/** How many BEGINs and CASEs are open in a body after its newest word. */
function bodiesAfter(words: readonly string[], open: number): number {
  if (!/^create (or replace )?(function|procedure)\b/.test(words.slice(0, 4).join(' '))) return 0;
  const word = words.at(-1);
  if (word === 'begin') return open + 1;
  if (open > 0 && word === 'case') return open + 1;
  return open > 0 && word === 'end' ? open - 1 : open;
}

function commentEnd(sql: string, from: number): number {
  const marks = /\/\*|\*\//g;
  marks.lastIndex = from;
  for (let depth = 1; depth > 0;) {
    const mark = marks.exec(sql);
    if (mark === null) return sql.length;
    depth += mark[0] === '/*' ? 1 : -1;
  }
  return marks.lastIndex;
}

function endOf(sql: string, quote: string, from: number): number {
  const end = sql.indexOf(quote, from);
  return end === -1 ? sql.length : end + quote.length;
}
