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
