import { isIPv4 } from 'node:net';
import { loadEnvironment, platformEnvironment } from '@capsule/config';
import { MigrationSession } from '@capsule/database/migrations';
import { confirm, ownTerminal, type Terminal } from '../confirm.js';
import type { ServiceDatabase } from './service-database.js';

export class ResetRefusedError extends Error {}

const { stage } = platformEnvironment.variables;
const stageEnvironment = { name: platformEnvironment.name, variables: { stage } };

/** @throws ResetRefusedError when these databases are not to be emptied from here, whoever confirms it */
export async function requireResettable(
  databases: readonly ServiceDatabase[],
  source: NodeJS.ProcessEnv,
): Promise<void> {
  if (loadEnvironment(stageEnvironment, source).stage === 'production') {
    throw new ResetRefusedError(`${stage.variable} is production: nothing is reset.`);
  }
  for (const { service, owner } of databases) {
    if (isLoopback(owner.host)) continue;
    throw new ResetRefusedError(
      `The database of ${service} is on ${owner.host}: only those of this machine are reset.`,
    );
  }
  const sessions = (await Promise.all(databases.map(sessionsOfService))).flat();
  if (sessions.length > 0) {
    throw new ResetRefusedError(
      `These are running and would lose their tables; stop them first (npm stop):\n${sessions.join('\n')}`,
    );
  }
}

/** Who works on the database as the role of its service; a line for each. */
async function sessionsOfService({ service, owner, user }: ServiceDatabase): Promise<string[]> {
  const session = await MigrationSession.open(owner);
  try {
    const { rows } = await session.client.query<{ application: string; pids: string }>(
      `SELECT coalesce(nullif(application_name, ''), 'a program without a name') AS application,
              string_agg(pid::text, ', ' ORDER BY pid) AS pids
       FROM pg_stat_activity WHERE datname = current_database() AND usename = $1 GROUP BY 1 ORDER BY 1`,
      [user],
    );
    return rows.map(({ application, pids }) => `${service}: ${application} as ${user} (backends ${pids})`);
  } finally {
    await session.close();
  }
}

export function confirmReset(
  databases: readonly ServiceDatabase[],
  terminal: Terminal = ownTerminal,
): Promise<boolean> {
  const names = databases.map(({ owner }) => `${owner.name} (port ${owner.port})`).join(', ');
  return confirm(`This deletes every row of ${names}.`, terminal);
}

/** A path is that of a unix socket. */
export function isLoopback(host: string): boolean {
  if (isIPv4(host)) return host.startsWith('127.');
  return host === 'localhost' || host === '::1' || host.startsWith('/');
}
