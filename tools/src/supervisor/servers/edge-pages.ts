/**
 * What a visitor is told when no app answers: the one place that words it, for the entrance and for the router behind
 * it. A browser gets a page to read, everything else a problem document (RFC 9457).
 *
 * They are the error routes of Caddy's servers. So they are there before the deploy service has put a route in and stay
 * whatever routes it puts in: its own only say `{ handler: 'error', status_code: … }`. What an app itself answers is
 * none of their business.
 */
interface Page {
  status: number;
  title: string;
  detail: string;
  /** When it may be better; then the page looks again by itself. */
  retryAfterSeconds?: number;
}

const pages: readonly Page[] = [
  {
    status: 404,
    title: 'No such app',
    detail: 'No app with this host name is running here.',
  },
  {
    status: 502,
    title: 'The app cannot be reached',
    detail: 'Nothing takes its requests just now. It is looked after and should be back in a moment.',
    retryAfterSeconds: 5,
  },
  {
    status: 503,
    title: 'The app does not answer',
    detail: 'It is being brought back and should answer in a moment.',
    retryAfterSeconds: 5,
  },
  {
    status: 504,
    title: 'The app took too long',
    detail: 'It could be reached and did not answer in time.',
    retryAfterSeconds: 5,
  },
];

/** For `errors` of a server. */
export const edgePages: { routes: readonly object[] } = {
  routes: pages.flatMap((page) => [
    route(page, 'text/html; charset=utf-8', html(page), { header: { Accept: ['*text/html*'] } }),
    route(page, 'application/problem+json', problem(page)),
  ]),
};

function route(page: Page, contentType: string, body: string, matcher: object = {}): object {
  const { status, retryAfterSeconds } = page;
  const headers = {
    'Content-Type': [contentType],
    'Cache-Control': ['no-store'],
    Vary: ['Accept'],
    ...(retryAfterSeconds !== undefined && { 'Retry-After': [String(retryAfterSeconds)] }),
  };
  return {
    match: [{ vars: { '{http.error.status_code}': [String(status)] }, ...matcher }],
    handle: [{ handler: 'static_response', status_code: status, headers, body }],
    terminal: true,
  };
}

function problem({ status, title, detail }: Page): string {
  return JSON.stringify({ type: 'about:blank', title, status, detail });
}

function html({ status, title, detail, retryAfterSeconds }: Page): string {
  const again =
    retryAfterSeconds === undefined ? '' : `<meta http-equiv="refresh" content="${retryAfterSeconds}">`;
  return [
    '<!doctype html>',
    `<html lang="en"><head><meta charset="utf-8"><title>${title}</title>${again}`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<style>:root{color-scheme:light dark}body{font:1rem/1.5 system-ui,sans-serif;max-width:32rem;margin:20vh auto 0;',
    'padding:0 1rem}</style></head>',
    `<body><h1>${title}</h1><p>${detail}</p><p><small>${status}</small></p></body></html>`,
  ].join('\n');
}
