import { request } from 'node:http';
import { Inject, Injectable } from '@nestjs/common';
import { config, type DeploySettings } from '../config.js';

const TIMEOUT_MS = 5_000;
const BODY_BYTES_MAX = 64 * 1024 * 1024;
const ROUTES_PATH = '/config/apps/http/servers/apps/routes';

/** The edge can't be reached, or does not take what it is given. */
export class EdgeError extends Error {
  override readonly name = 'EdgeError';
}

/** Caddy's admin API on its unix socket: just the list of routes. */
@Injectable()
export class EdgeClient {
  private readonly socketPath: string;

  constructor(@Inject(config.KEY) settings: DeploySettings) {
    this.socketPath = settings.edge.adminSocket;
  }

  /** @throws EdgeError */
  async readRoutes(): Promise<unknown> {
    return parse(await this.call('GET', ROUTES_PATH));
  }

  /** The first route only: it carries the marker. Null when there is none. @throws EdgeError */
  async readFirstRoute(): Promise<unknown> {
    return parse(await this.call('GET', `${ROUTES_PATH}/0`, undefined, [200, 400, 404, 500]));
  }

  /** Puts the list in place of the old one; requests under way finish by the old one. @throws EdgeError */
  async replaceRoutes(routes: readonly unknown[]): Promise<void> {
    await this.call('PATCH', ROUTES_PATH, JSON.stringify(routes));
  }

  private call(
    method: string,
    path: string,
    body?: string,
    accepted: readonly number[] = [200],
  ): Promise<string> {
    return new Promise((resolve, reject) => {
      const call = request({
        socketPath: this.socketPath,
        method,
        path,
        timeout: TIMEOUT_MS,
        // After each change Caddy listens anew and drops kept connections, so none is kept.
        agent: false,
        // Caddy compares the Host header on a socket, too.
        headers: { host: 'localhost', ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      });
      call.once('response', (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          text += chunk;
          if (text.length > BODY_BYTES_MAX) call.destroy(new Error('the answer is too long'));
        });
        response.once('end', () => {
          const status = response.statusCode ?? 0;
          if (status === 200) resolve(text);
          else if (accepted.includes(status)) resolve('null');
          else
            reject(new EdgeError(`the edge answered ${status} to ${method} ${path}: ${text.slice(0, 300)}`));
        });
        response.once('error', (cause) => reject(new EdgeError('the edge broke off its answer', { cause })));
      });
      call.once('timeout', () => call.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)));
      call.once('error', (cause) =>
        reject(new EdgeError(`the edge cannot be reached: ${cause.message}`, { cause })),
      );
      call.end(body);
    });
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new EdgeError('the edge answered no JSON', { cause });
  }
}
