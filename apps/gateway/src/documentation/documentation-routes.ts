import { isErrorCode } from '@capsule/contracts';
import { DomainError } from '@capsule/errors';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { sendShared } from '../http/shared-answer.js';
import { openApiDocument } from './openapi.js';
import { errorListPage, errorPage } from './pages/error-page.js';
import { ORIGIN, referencePage } from './pages/reference-page.js';
import { style } from './pages/style.js';

/** Pages are text and our own style sheet; nothing else may load or run. */
const PAGE_POLICY =
  "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** /docs, a page per error and /v1/openapi.json. Made when first asked for, so that they cost no time at the start. */
export function addDocumentation(scope: FastifyInstance): void {
  const document = once(() => JSON.stringify(openApiDocument()));
  const reference = once(() => referencePage(openApiDocument()));
  scope.get('/', (_request, reply) => reply.redirect('/docs'));
  scope.get('/docs', (request, reply) => sendPage(reply, reference().replace(ORIGIN, originOf(request))));
  scope.get('/docs/style.css', (_request, reply) => sendShared(reply, 'text/css', style));
  scope.get('/docs/errors', (_request, reply) => sendPage(reply, errorListPage()));
  scope.get<{ Params: { code: string } }>('/docs/errors/:code', (request, reply) => {
    const { code } = request.params;
    if (!isErrorCode(code)) throw new DomainError('platform.route.not_found');
    return sendPage(reply, errorPage(code));
  });
  scope.get('/v1/openapi.json', (_request, reply) => sendShared(reply, 'application/json', document()));
}

const HOST = /^[a-z0-9.-]+(:\d+)?$|^\[[0-9a-f:.]+\](:\d+)?$/i;

/** As the reader sees us; a host that is none has no place in a command to copy. */
function originOf({ protocol, host }: FastifyRequest): string {
  return HOST.test(host) ? `${protocol}://${host}` : 'http://localhost:7080';
}

function sendPage(reply: FastifyReply, page: string): FastifyReply {
  return sendShared(reply.header('content-security-policy', PAGE_POLICY), 'text/html', page);
}

function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}
