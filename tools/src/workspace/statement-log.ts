/** The supervisor's `log_line_prefix`: time, zone, process, role and database. */
const ENTRY = /^\d{4}-\d\d-\d\d \S+ \S+ \[\d+\] (\S*)@\S* /;
const SENT = /^LOG: {2}(?:statement|execute [^:]*): ([^]*)$/;

/**
 * What a role sent, as PostgreSQL logged it (`log_statement`): each text once, in order, without those that neither read nor
 * write rows.
 */
export function statementsIn(log: string, role: string): string[] {
  const statements = entriesOf(log).flatMap((entry) => {
    const [prefix = '', user] = ENTRY.exec(entry) ?? [];
    const [, statement] = SENT.exec(entry.slice(prefix.length)) ?? [];
    return user === role && statement !== undefined ? [statement.trim()] : [];
  });
  return [...new Set(statements)].filter((text) => /^(?:SELECT|INSERT|UPDATE|DELETE|WITH)\b/i.test(text));
}

/** The further lines of a text begin with a tab. */
function entriesOf(log: string): string[] {
  const entries: string[] = [];
  for (const line of log.split('\n')) {
    if (line.startsWith('\t')) entries.push(`${entries.pop() ?? ''}\n${line.slice(1)}`);
    else entries.push(line);
  }
  return entries;
}
