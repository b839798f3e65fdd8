import { createHash } from 'node:crypto';

/** A host and where it leads; without an address the app is in service but nothing answers for it just now. */
export interface EdgeRoute {
  hostname: string;
  address: { host: string; port: number } | null;
}

const DIAL_TIMEOUT = '5s';
const RETRY_AFTER_SECONDS = '5';

/**
 * The whole list of the edge, in order: a marker that names the content of the list, one route per app, and the
 * answer for hosts that no app has. The marker goes with the list in one change, so whoever reads it knows the rest.
 */
export function renderRoutes(routes: readonly EdgeRoute[]): { marker: string; list: readonly object[] } {
  const rest = [...routes.map(appRoute), unknownHost];
  const marker = createHash('sha256').update(JSON.stringify(rest)).digest('hex').slice(0, 32);
  return { marker, list: [markerRoute(marker), ...rest] };
}

/** @returns null when the route is not one of ours */
export function readMarker(firstRoute: unknown): string | null {
  const handlers = (firstRoute as { handle?: { capsule_routes?: unknown }[] } | null)?.handle;
  const marker = handlers?.[0]?.capsule_routes;
  return typeof marker === 'string' ? marker : null;
}

function markerRoute(marker: string): object {
  return { handle: [{ handler: 'vars', capsule_routes: marker }] };
}

function appRoute({ hostname, address }: EdgeRoute): object {
  return {
    match: [{ host: [hostname] }],
    handle: [address === null ? nothingAnswers : proxyTo(address)],
    terminal: true,
  };
}

/**
 * Who asked, as the entrance in front of the router saw it: the router itself sees a unix socket only. The entrance
 * overwrites these two headers, so a client can't lie by them.
 */
const CLIENT_ADDRESS = 'Capsule-Client-Address';
const CLIENT_SCHEME = 'Capsule-Client-Scheme';
const forwarded = {
  'X-Forwarded-For': [`{http.request.header.${CLIENT_ADDRESS}}`],
  'X-Forwarded-Proto': [`{http.request.header.${CLIENT_SCHEME}}`],
  'X-Forwarded-Host': ['{http.request.hostport}'],
};

function proxyTo({ host, port }: { host: string; port: number }): object {
  return {
    handler: 'reverse_proxy',
    upstreams: [{ dial: host.includes(':') ? `[${host}]:${port}` : `${host}:${port}` }],
    headers: { request: { set: forwarded, delete: [CLIENT_ADDRESS, CLIENT_SCHEME] } },
    transport: { protocol: 'http', dial_timeout: DIAL_TIMEOUT },
  };
}

const nothingAnswers = {
  handler: 'static_response',
  status_code: 503,
  headers: { 'Content-Type': ['application/problem+json'], 'Retry-After': [RETRY_AFTER_SECONDS] },
  body: problem(503, 'The app does not answer', 'It ended and is being started again.'),
};

const unknownHost = {
  handle: [
    {
      handler: 'static_response',
      status_code: 404,
      headers: { 'Content-Type': ['application/problem+json'] },
      body: problem(404, 'No such app', 'No app with this host name is running here.'),
    },
  ],
  terminal: true,
};

function problem(status: number, title: string, detail: string): string {
  return JSON.stringify({ type: 'about:blank', title, status, detail });
}
