import { type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { ErrorCode } from '@capsule/contracts';
import { DomainError, problemHeaders, toProblem } from '@capsule/errors';
import { requestId } from './request-id.js';
import { responseHeaders } from './response-headers.js';
import { LINGER_MS } from './unread-body.js';

/** Node's names for what its parser refuses; everything else is no HTTP. */
const codes: Readonly<Record<string, ErrorCode>> = {
  HPE_HEADER_OVERFLOW: 'platform.request.headers_too_large',
  ERR_HTTP_REQUEST_TIMEOUT: 'platform.request.too_slow',
};

/**
 * Answers what never becomes a request, because the parser refuses it or it does not arrive in time: like any other
 * problem, but written to the socket itself, which is closed then.
 */
export function answerClientError(error: Error & { code?: string }, socket: Socket): void {
  // Gone, or answered: the parser reports each piece of the rest anew.
  if (error.code === 'ECONNRESET' || !socket.writable) return;
  if (hasBegunAnswer(socket)) {
    socket.destroy();
    return;
  }
  socket.end(answer(codes[error.code ?? ''] ?? 'platform.request.malformed'));
  // Closed at once, with the rest unread, the answer would be lost on the way.
  setTimeout(() => socket.destroy(), LINGER_MS).unref();
}

/** Of the request before, which may still be streaming: its caller must not take our lines for a part of it. */
function hasBegunAnswer(socket: Socket & { _httpMessage?: ServerResponse | null }): boolean {
  return socket._httpMessage?.headersSent ?? false;
}

function answer(code: ErrorCode): string {
  const error = new DomainError(code);
  const id = requestId({ headers: {} });
  const problem = toProblem(error, { requestId: id });
  const body = JSON.stringify(problem);
  const headers = {
    date: new Date().toUTCString(),
    ...responseHeaders(id),
    ...problemHeaders(error),
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return [`HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`, ...lines, '', body].join('\r\n');
}
