import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { registry } from '@capsule/telemetry';
import type { Provisioner } from './provisioner.js';

/** Answers `/health/live`, `/health/ready` and `/metrics` as the services do, without what they need beyond that. */
export async function serveHealth(
  provisioner: Provisioner,
  { host, port }: { host: string; port: number },
): Promise<Server> {
  const server = createServer((request, response) => {
    const answer = (status: number, type: string, body: string) =>
      response.writeHead(status, { 'content-type': type }).end(body);
    const health = (isUp: boolean) =>
      answer(isUp ? 200 : 503, 'application/json', JSON.stringify({ status: isUp ? 'ok' : 'error' }));
    if (request.url === '/health/live') health(true);
    else if (request.url === '/health/ready') health(provisioner.isListening);
    else if (request.url === '/metrics') {
      registry.metrics().then(
        (text) => answer(200, registry.contentType, text),
        () => answer(500, 'text/plain', ''),
      );
    } else answer(404, 'text/plain', '');
  });
  server.listen(port, host);
  await once(server, 'listening');
  return server;
}
