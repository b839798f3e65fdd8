import { type Ask, type Section, notice, percentText, warning } from './section.js';

export interface ConnectionFigures {
  /** Of all roles and databases of the server. */
  used: number;
  max: number;
  /** Of this database. Null for the state of a session that the reading role may not look into. */
  sessions: { role: string; application: string; state: string | null; count: number }[];
}

const NEARLY_ALL = 0.8;

export async function readConnections(ask: Ask): Promise<Section<ConnectionFigures>> {
  const [totals] = await ask<{ used: number; max: number }>(
    `SELECT (SELECT count(*)::integer FROM pg_stat_activity WHERE usename IS NOT NULL) AS used,
            current_setting('max_connections')::integer - current_setting('superuser_reserved_connections')::integer AS max`,
  );
  const sessions = await ask<ConnectionFigures['sessions'][number]>(
    `SELECT usename AS role, application_name AS application, state, count(*)::integer AS count
     FROM pg_stat_activity WHERE datname = current_database() AND usename IS NOT NULL
     GROUP BY usename, application_name, state ORDER BY count(*) DESC, 1, 2, 3`,
  );
  const { used, max } = totals ?? { used: 0, max: 0 };
  const hidden = sessions.filter(({ state }) => state === null).reduce((sum, { count }) => sum + count, 0);
  return {
    figures: { used, max, sessions },
    findings: [
      ...(used >= NEARLY_ALL * max
        ? [
            warning(
              `${used} of ${max} connections are in use (${percentText(used / max)}).`,
              'Lower DATABASE_POOL_MAX, put PgBouncer in between (DATABASE_POOLER), or raise max_connections; when they ' +
                'run out, requests are answered 503.',
            ),
          ]
        : []),
      ...(hidden > 0
        ? [
            notice(
              `What ${hidden} sessions of other roles do is hidden from the role that reads this.`,
              'Read with a role that has pg_read_all_stats: `npm run db:report` does.',
            ),
          ]
        : []),
    ],
  };
}
