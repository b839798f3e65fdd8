import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { problemHeaders, toProblem } from '@capsule/errors/problem';
import { operatorRefusal } from '@capsule/health/operator';
import { registry } from '@capsule/telemetry';
import type { ProvisionerSettings } from '../provisioner-config.js';
import type { Provisioner } from './provisioner.js';

/** Answers `/health/live`, `/health/ready` and `/metrics` as the services do, without what they need beyond that. */
export async function serveHealth(
  provisioner: Provisioner,
  { http: { host, port }, operations }: Pick<ProvisionerSettings, 'http' | 'operations'>,
): Promise<Server> {
  const server = createServer((request, response) => {
    const answer = (status: number, headers: Record<string, string>, body: string) =>
      response.writeHead(status, headers).end(body);
    const health = (isUp: boolean) =>
      answer(
        isUp ? 200 : 503,
        { 'content-type': 'application/json' },
        JSON.stringify({ status: isUp ? 'ok' : 'error' }),
      );
    if (request.url === '/health/live') health(true);
    else if (request.url === '/health/ready') health(provisioner.isListening);
    else if (request.url === '/metrics') {
      const refusal = operatorRefusal(request.headers.authorization, operations.token);
      if (refusal) {
        const problem = toProblem(refusal, { instance: request.url });
        answer(problem.status, problemHeaders(refusal), JSON.stringify(problem));
        return;
      }
      registry.metrics().then(
        (text) => answer(200, { 'content-type': registry.contentType }, text),
        () => answer(500, { 'content-type': 'text/plain' }, ''),
      );
    } else answer(404, { 'content-type': 'text/plain' }, '');
  });
  server.listen(port, host);
  await once(server, 'listening');
  return server;
}
