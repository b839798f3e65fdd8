import { rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Home } from './home.js';
import { supervisorOf } from './supervisor-lock.js';

const callPauseMs = 20;

/** Answers one command, given who asks and the words behind the command; the result is sent as one line of JSON. */
export type Command = (client: Socket, argument: string) => unknown;

type Answer = { result: unknown } | { error: string };

/**
 * How other processes of the same user talk to a running supervisor: a unix socket in a folder of mode 0700, a line
 * in, a line of JSON out. Holding the socket claimed means being the home's supervisor, so an old file may be removed.
 */
export async function serveControl(path: string, commands: Record<string, Command>): Promise<Server> {
  rmSync(path, { force: true });
  const server = createServer((client) => {
    client.on('error', () => client.destroy());
    const lines = createInterface({ input: client });
    // It passes the errors of its input on.
    lines.on('error', () => {});
    lines.on('line', (request) => {
      void answer(commands, request, client).then((line) => {
        if (client.writable) client.write(`${JSON.stringify(line)}\n`);
      });
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  return server;
}

async function answer(commands: Record<string, Command>, line: string, client: Socket): Promise<Answer> {
  const [name = '', argument = ''] = line.split(' ');
  const command = commands[name];
  if (!command) return { error: `Unknown command ${name}.` };
  try {
    return { result: (await command(client, argument)) ?? null };
  } catch (error) {
    return { error: (error as Error).message };
  }
}

/**
 * A conversation with the supervisor that has the home; the caller closes it. One that has just begun does not listen
 * yet, and one that is about to end no longer, so it is called again for as long as it lives.
 * @returns undefined when nobody has the home.
 */
export async function callSupervisor(home: Home, patienceMs = 10_000): Promise<Socket | undefined> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const holder = supervisorOf(home);
    if (!holder) return undefined;
    try {
      return await openControl(home.controlSocket);
    } catch (error) {
      if (performance.now() > deadline) throw new SupervisorSilentError(holder.pid, home.path, error);
    }
    await sleep(callPauseMs);
  }
}

/** One conversation with a supervisor; the caller closes it. Rejects with ENOENT or ECONNREFUSED when nobody listens. */
export async function openControl(path: string): Promise<Socket> {
  const socket = connect(path);
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  return socket;
}

/** A process has the home but nobody answers for it. */
export class SupervisorSilentError extends Error {
  constructor(pid: number, home: string, cause: unknown) {
    super(
      `Process ${pid} holds ${home} but does not answer. End it by kill -9 ${pid}; npm stop then ends what it leaves behind.`,
      { cause },
    );
    this.name = 'SupervisorSilentError';
  }
}

/** The supervisor ended while it was asked. */
export class SupervisorGoneError extends Error {
  constructor() {
    super('The supervisor ended before it answered.');
    this.name = 'SupervisorGoneError';
  }
}

/** Sends one command and waits for its answer, which may take as long as the work does. */
export function ask<Result>(socket: Socket, command: string): Promise<Result> {
  return new Promise((resolve, reject) => {
    const lines = createInterface({ input: socket });
    lines.once('line', (line) => {
      const answer = JSON.parse(line) as Answer;
      if ('error' in answer) reject(new Error(answer.error));
      else resolve(answer.result as Result);
      lines.close();
    });
    lines.on('error', () => {});
    socket.once('close', () => reject(new SupervisorGoneError()));
    socket.write(`${command}\n`);
    socket.resume();
  });
}
