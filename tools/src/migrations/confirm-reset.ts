import { isIPv4 } from 'node:net';
import { createInterface } from 'node:readline/promises';
import type { ServiceDatabase } from './service-database.js';

export class ResetRefusedError extends Error {}

/** @throws ResetRefusedError when these databases are not to be emptied from here, whoever confirms it */
export function requireResettable(databases: readonly ServiceDatabase[], source: NodeJS.ProcessEnv): void {
  if (source['NODE_ENV'] === 'production') {
    throw new ResetRefusedError('NODE_ENV is production: nothing is reset.');
  }
  for (const { service, owner } of databases) {
    if (isLoopback(owner.host)) continue;
    throw new ResetRefusedError(
      `The database of ${service} is on ${owner.host}: only those of this machine are reset.`,
    );
  }
}

/** False without a terminal, too: a script has to say --yes. */
export async function confirmReset(databases: readonly ServiceDatabase[]): Promise<boolean> {
  if (!process.stdin.isTTY) return false;
  const names = databases.map(({ owner }) => `${owner.name} (port ${owner.port})`).join(', ');
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal.question(`This deletes every row of ${names}.\nType yes to go on: `);
  terminal.close();
  return answer.trim() === 'yes';
}

/** A path is that of a unix socket. */
export function isLoopback(host: string): boolean {
  if (isIPv4(host)) return host.startsWith('127.');
  return host === 'localhost' || host === '::1' || host.startsWith('/');
}
