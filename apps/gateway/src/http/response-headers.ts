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
  headers(values: Record<string, string>): Reply;
  header(name: string, value: string): Reply;
}

export function setResponseHeaders(request: { id: string }, reply: Reply): void {
  reply.headers(constant).header('x-request-id', request.id);
}
