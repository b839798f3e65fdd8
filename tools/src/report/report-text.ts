import { bytesText, type DatabaseReport, percentText } from '@capsule/database/report';

type Sections = DatabaseReport['sections'];

const STATEMENT_WIDTH = 110;

/** The report for people: a line for each subject, then what is to be done. */
export function renderReport(service: string, report: DatabaseReport): string {
  const { sections } = report;
  const findings = Object.values(sections).flatMap((section) => section.findings);
  return [
    `${service}: ${report.database}, PostgreSQL ${report.serverVersion}, read as ${report.readAs}`,
    line('connections', connections(sections)),
    line('cache', cache(sections)),
    line('disk', disk(sections)),
    line('transactions', transactions(sections)),
    line('migrations', migrations(sections)),
    ...tenants(sections),
    ...sections.partitions.figures.map((each) =>
      line(
        'partitions',
        `${each.table}: ${each.partitions}${each.through ? ` through ${each.through}` : ''}`,
      ),
    ),
    ...costliestStatements(sections),
    ...(findings.length === 0 ? ['  Nothing to do.'] : []),
    ...findings.flatMap(({ severity, finding, recommendation }) => [
      `  ${severity === 'warning' ? '✗' : '·'} ${finding}`,
      `    ${recommendation}`,
    ]),
  ].join('\n');
}

function line(subject: string, text: string): string {
  return `  ${subject.padEnd(13)} ${text}`;
}

function connections({ connections: { figures } }: Sections): string {
  const sessions = figures.sessions.map(({ role, state, count }) => `${count} ${role} ${state ?? 'hidden'}`);
  return `${figures.used} of ${figures.max} in use; here ${sessions.join(', ')}`;
}

function cache({ cache: { figures } }: Sections): string {
  return figures.hitRatio === null
    ? 'nothing was read yet'
    : `${percentText(figures.hitRatio)} of blocks found`;
}

function disk({ disk: { figures } }: Sections): string {
  const largest = figures.tables.slice(0, 3).map(({ table, bytes }) => `${table} ${bytesText(bytes)}`);
  return `${bytesText(figures.databaseBytes)}; largest ${largest.join(', ')}`;
}

function transactions({ transactions: { figures } }: Sections): string {
  const { oldest, wraparound } = figures;
  const open = oldest
    ? `oldest open for ${oldest.ageSeconds} s (${oldest.role}, ${oldest.state})`
    : 'none open';
  return `${open}; ${percentText(wraparound)} of the way to wraparound`;
}

function migrations({ migrations: { figures } }: Sections): string {
  return `${figures.applied} applied, ${figures.open.length} in another state`;
}

function tenants({ tenants: { figures } }: Sections): string[] {
  if (figures === null) return [];
  const states = Object.entries(figures.byState).map(([state, count]) => `${count} ${state}`);
  const behind = `${figures.behind ?? '?'} behind version ${figures.newestVersion ?? '?'}`;
  return [line('tenants', `${[...states, behind].join(', ')}; ${figures.withFailure ?? '?'} with a failure`)];
}

function costliestStatements({ statements: { figures } }: Sections): string[] {
  return (figures ?? []).slice(0, 5).map(({ calls, meanMs, statement }, index) => {
    const text = statement ?? 'hidden from this role';
    const shown = text.length > STATEMENT_WIDTH ? `${text.slice(0, STATEMENT_WIDTH)}…` : text;
    return line(index === 0 ? 'costliest' : '', `${meanMs.toFixed(2)} ms × ${calls}  ${shown}`);
  });
}
