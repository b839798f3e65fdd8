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

/** A tenant's tables are named with their schema, always in quotes. */
const TENANT_SCHEMA = /"tenant_\w+"(?=\.)/g;

/** Which of them go to tenants' own tables, with `"${schema}"` for the name of the schema, each once; and which don't. */
export function partTenants(statements: readonly string[]): { common: string[]; ofTenants: string[] } {
  const isOfTenants = (statement: string) => statement.search(TENANT_SCHEMA) >= 0;
  const ofTenants = statements
    .filter(isOfTenants)
    .map((statement) => statement.replaceAll(TENANT_SCHEMA, '"${schema}"'));
  return { common: statements.filter((each) => !isOfTenants(each)), ofTenants: [...new Set(ofTenants)] };
}
