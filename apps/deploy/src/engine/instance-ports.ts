import { once } from 'node:events';
import { createServer } from 'node:net';

export const INSTANCE_HOST = '127.0.0.1';

/** The ports instances may have, handed out in turn, so that one that was just freed is not another app's a moment later. */
export class InstancePorts {
  private next: number;

  constructor(
    private readonly min: number,
    private readonly max: number,
  ) {
    this.next = min;
  }

  /**
   * @param taken ports of instances that may not listen yet
   * @throws Error when every port of the range is in use
   */
  async assign(taken: ReadonlySet<number>): Promise<number> {
    for (let tried = this.min; tried <= this.max; tried += 1) {
      const port = this.next;
      this.next = port === this.max ? this.min : port + 1;
      if (!taken.has(port) && (await isFree(port))) return port;
    }
    throw new Error(`every port from ${this.min} to ${this.max} is in use`);
  }
}

/** On every address: an app may listen on all of them, which one that is in use prevents. */
async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen({ port, exclusive: true });
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}
