import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import type { PortSetting } from './platform-settings.js';

/** What needs a port, or none. */
interface Listening {
  name: string;
  listens?: PortSetting;
}

/** Ports we need are somebody else's. Nothing is done to them; the reader decides. */
export class PortTakenError extends Error {
  constructor(taken: readonly Listening[]) {
    const needs = taken.map(({ name, listens }) => `${name} needs port ${listens?.port}`);
    const variables = taken.map(({ listens }) => listens?.variable).join(', ');
    super(
      taken.length === 1
        ? `${needs[0]}, but another program is listening there. Stop that program, or move the port by ${variables}.`
        : `Other programs are listening where these should:\n  ${needs.join('\n  ')}\n` +
            `Stop those programs, or move the ports by ${variables}.`,
    );
    this.name = 'PortTakenError';
  }
}

/** @throws PortTakenError naming all whose port something else listens on. */
export async function assertPortsFree(all: readonly Listening[]): Promise<void> {
  const taken = await Promise.all(all.map(async ({ listens }) => listens && (await isTaken(listens.port))));
  const refused = all.filter((_, index) => taken[index]);
  if (refused.length > 0) throw new PortTakenError(refused);
}

async function isTaken(port: number): Promise<boolean> {
  const server = createServer();
  const answer = await new Promise<boolean>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(true);
      else reject(error);
    });
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => resolve(false));
  });
  if (!answer) await new Promise((resolve) => server.close(resolve));
  return answer;
}

/** Whether anybody listens there. */
export function isListening(host: string, port: number): Promise<boolean> {
  const socket = connect({ host, port });
  return once(socket, 'connect')
    .then(
      () => true,
      () => false,
    )
    .finally(() => socket.destroy());
}

/**
 * Whether the process itself listens on the port: a stranger may have taken it meanwhile and answer in its place. Asked
 * of the kernel where that tells, which is Linux and whoever may look into the process; elsewhere it is believed.
 */
export function listensOn(pid: number, port: number): boolean {
  if (process.platform !== 'linux') return true;
  const listening = new Set(['tcp', 'tcp6'].flatMap((table) => listenersIn(`/proc/net/${table}`, port)));
  try {
    return readdirSync(`/proc/${pid}/fd`).some((number) => listening.has(socketOf(pid, number)));
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EACCES';
  }
}

/** The sockets of a table of the kernel that listen on the port, as a descriptor's link names them. */
function listenersIn(table: string, port: number): string[] {
  const ending = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const listens = '0A';
  return readLines(table)
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[1]?.endsWith(ending) && fields[3] === listens)
    .map((fields) => `socket:[${fields[9]}]`);
}

function readLines(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n');
  } catch {
    // A kernel without IPv6 has no table of it.
    return [];
  }
}

function socketOf(pid: number, descriptor: string): string {
  try {
    return readlinkSync(`/proc/${pid}/fd/${descriptor}`);
  } catch {
    return '';
  }
}
