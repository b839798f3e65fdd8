import { type Ask, percentText, type Section, warning } from './section.js';

export interface TransactionFigures {
  /** Of this database; null when none is open, or none that the reading role may see. */
  oldest: { processId: number; role: string; application: string; state: string; ageSeconds: number } | null;
  /** Prepared by two-phase commit, which no part of the platform does: somebody forgot them. */
  prepared: number;
  /** Share of the way to the wraparound of transaction ids, where PostgreSQL stops taking writes. */
  wraparound: number;
}

/** Above any time-out of the services: a transaction as old has no one who waits for it. */
const OLD_SECONDS = 300;
/** Autovacuum begins to freeze in earnest at 10 %. */
const NEAR_WRAPAROUND = 0.5;

export async function readTransactions(ask: Ask): Promise<Section<TransactionFigures>> {
  const [oldest = null] = await ask<NonNullable<TransactionFigures['oldest']>>(
    `SELECT pid AS "processId", usename AS role, application_name AS application, state,
            round(extract(epoch FROM clock_timestamp() - xact_start))::integer AS "ageSeconds"
     FROM pg_stat_activity
     WHERE datname = current_database() AND usename IS NOT NULL AND xact_start IS NOT NULL AND pid <> pg_backend_pid()
     ORDER BY xact_start LIMIT 1`,
  );
  const [row] = await ask<{ prepared: number; wraparound: number }>(
    `SELECT (SELECT count(*)::integer FROM pg_prepared_xacts WHERE database = current_database()) AS prepared,
            age(datfrozenxid)::float8 / 2147483648 AS wraparound
     FROM pg_database WHERE datname = current_database()`,
  );
  const { prepared, wraparound } = row ?? { prepared: 0, wraparound: 0 };
  const end = `SELECT pg_terminate_backend(${oldest?.processId})`;
  return {
    figures: { oldest, prepared, wraparound },
    findings: [
      ...(oldest && oldest.ageSeconds >= OLD_SECONDS
        ? [
            warning(
              `A transaction of ${oldest.role} (${oldest.application || 'unnamed'}, ${oldest.state}) is open for ${oldest.ageSeconds} s.`,
              `It keeps dead rows from being removed and may hold locks. Find out what it does, or end it: ${end}.`,
            ),
          ]
        : []),
      ...(prepared > 0
        ? [
            warning(
              `${prepared} prepared transactions wait for their end.`,
              'ROLLBACK PREPARED those in pg_prepared_xacts.',
            ),
          ]
        : []),
      ...(wraparound >= NEAR_WRAPAROUND
        ? [
            warning(
              `${percentText(wraparound)} of the transaction ids before wraparound are used.`,
              'End old transactions and VACUUM (FREEZE) the database before it stops taking writes.',
            ),
          ]
        : []),
    ],
  };
}
