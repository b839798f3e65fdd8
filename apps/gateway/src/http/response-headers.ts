/**
 * On every answer, also on errors. An answer of the API is data, never a page: nothing may load from it, frame it or
 * take it for another type. Pages (the documentation) set a policy of their own.
 * Strict-Transport-Security is left to whoever terminates TLS: it would be ignored over plain HTTP.
 */
const constant = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

interface Reply {
  headers(values: Record<string, string>): unknown;
}

export function responseHeaders(requestId: string): Record<string, string> {
  return { ...constant, 'x-request-id': requestId };
}

export function setResponseHeaders(request: { id: string }, reply: Reply): void {
  reply.headers(responseHeaders(request.id));
}
