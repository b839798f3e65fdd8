import { createHash } from 'node:crypto';

/** A host and where it leads; without an address the app is in service but nothing answers for it just now. */
export interface EdgeRoute {
  hostname: string;
  address: { host: string; port: number } | null;
}

const DIAL_TIMEOUT = '5s';

/**
 * The whole list of the edge, in order: a marker that names the content of the list, one route per app, and the
 * answer for hosts that no app has. The marker goes with the list in one change, so whoever reads it knows the rest.
 */
export function renderRoutes(routes: readonly EdgeRoute[]): { marker: string; list: readonly object[] } {
  const rest = [...routes.map(appRoute), unknownHost];
  const marker = createHash('sha256')
    .update(JSON.stringify([markerRoute(''), ...rest]))
    .digest('hex')
    .slice(0, 32);
  return { marker, list: [markerRoute(marker), ...rest] };
}

/** @returns null when the route is not one of ours */
export function readMarker(firstRoute: unknown): string | null {
  const handlers = (firstRoute as { handle?: { capsule_routes?: unknown }[] } | null)?.handle;
  const marker = handlers?.[0]?.capsule_routes;
  return typeof marker === 'string' ? marker : null;
}

/**
 * Requests come through an entrance that says in two headers, which it overwrites, whom it has
 * them from; on the unix socket between the two Caddy sees an "@" for an address. Where there is no entrance the
 * address is the client's own, and the headers, which anybody could send, are ignored.
 */
const ENTRANCE_HEADERS = ['Capsule-Client-Address', 'Capsule-Client-Scheme'] as const;
const readClient = {
  handler: 'map',
  source: '{http.request.remote.host}',
  destinations: ['{capsule_client_address}', '{capsule_client_scheme}'],
  defaults: ['{http.request.remote.host}', '{http.request.scheme}'],
  mappings: ['@', ''].map((input) => ({
    input,
    outputs: ENTRANCE_HEADERS.map((name) => `{http.request.header.${name}}`),
  })),
};
const forwarded = {
  'X-Forwarded-For': ['{capsule_client_address}'],
  'X-Forwarded-Proto': ['{capsule_client_scheme}'],
  'X-Forwarded-Host': ['{http.request.hostport}'],
};

function markerRoute(marker: string): object {
  return { handle: [{ handler: 'vars', capsule_routes: marker }, readClient] };
}

function appRoute({ hostname, address }: EdgeRoute): object {
  return {
    match: [{ host: [hostname] }],
    handle: [address === null ? nothingAnswers : proxyTo(address)],
    terminal: true,
  };
}

function proxyTo({ host, port }: { host: string; port: number }): object {
  return {
    handler: 'reverse_proxy',
    upstreams: [{ dial: host.includes(':') ? `[${host}]:${port}` : `${host}:${port}` }],
    headers: { request: { set: forwarded, delete: ENTRANCE_HEADERS } },
    transport: { protocol: 'http', dial_timeout: DIAL_TIMEOUT },
  };
}

/** The edge has the words for it: a page for people, a problem document for programs. */
const nothingAnswers = { handler: 'error', status_code: 503 };
const unknownHost = { handle: [{ handler: 'error', status_code: 404 }], terminal: true };
