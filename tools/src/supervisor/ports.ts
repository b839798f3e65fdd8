import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import type { PortSetting } from './platform-settings.js';

/** A port we need is somebody else's. Nothing is done to them; the reader decides. */
export class PortTakenError extends Error {
  constructor(name: string, { port, variable }: PortSetting) {
    super(
      `${name} needs port ${port}, but another program is listening there. ` +
        `Stop that program, or move the port by ${variable}.`,
    );
    this.name = 'PortTakenError';
  }
}

/** @throws PortTakenError when something else listens on the port. What needs no port is always content. */
export async function assertPortFree(name: string, setting: PortSetting | undefined): Promise<void> {
  if (!setting) return;
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(error.code === 'EADDRINUSE' ? new PortTakenError(name, setting) : error);
    });
    server.listen({ port: setting.port, host: '127.0.0.1', exclusive: true }, resolve);
  });
  await new Promise((resolve) => server.close(resolve));
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
