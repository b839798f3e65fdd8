import type { JsonSchema, MediaType, OpenApiDocument, Parameter } from './openapi-document.js';

/** What the table of endpoints does not say: prose, headers and the two transfers that are not JSON. */

export const info = {
  title: 'Capsule API',
  version: '1',
  description: [
    'Bring an app; Capsule builds it, runs it, watches it and bills for it.',
    'Sign up or in, then send the access token as `Authorization: Bearer <token>`; it names the organization as well.',
    'Every error is an `application/problem+json` document (RFC 9457). Programs should branch on its `code`, whose meaning never changes; its `type` leads to a page about it.',
    'A `POST` may carry an `Idempotency-Key`, where its parameters list it: repeated with the same body it has its effect once.',
    'Lists are read by a cursor: pass `nextCursor` on until it is null. A cursor holds for a day, for the list and the organization it was made for. Lists that have `page` can be paged through by number too, and then tell their `total`.',
    'Ids are UUIDs. Instants are RFC 3339 in UTC, such as `2030-01-15T09:30:00.000Z`; those of a request are in the years 1970 to 2999.',
    'A field is named with its unit: `…Bytes`, `…Seconds`, `…Ms` (milliseconds), `…Days`, and `…Minor` for minor units of a currency, such as cents. Money and quantities that must not be rounded are decimal strings.',
  ].join('\n\n'),
  license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
};

export const tags: OpenApiDocument['tags'] = [
  { name: 'Accounts', description: 'Users, organizations and sessions' },
  { name: 'Projects', description: 'Apps are kept in projects' },
  { name: 'Apps', description: 'What runs, under one host name each' },
  { name: 'Deployments', description: 'A version of an app on its way to being live' },
  { name: 'Activity', description: 'What happened in the organization' },
  { name: 'Dashboards', description: 'What the organization wants to see together' },
  { name: 'Work', description: "Members' work sessions and the tools they used in them" },
  { name: 'Billing', description: 'Plans, metered usage and the next invoice' },
];

export const securitySchemes = {
  bearer: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: 'The access token of a session (RS256; public keys at `/.well-known/jwks.json`).',
  },
};

export const parameters: Record<string, Parameter> = {
  IdempotencyKey: {
    name: 'Idempotency-Key',
    in: 'header',
    required: false,
    description: 'Makes a repeated request have its effect once; a fresh value for each new request.',
    schema: { type: 'string', minLength: 1, maxLength: 200 },
  },
  LastEventId: {
    name: 'Last-Event-ID',
    in: 'header',
    required: false,
    description: 'Id of the last event received; takes precedence over `offset`.',
    schema: { type: 'string', pattern: '^[0-9]+$' },
  },
};

export const headers: OpenApiDocument['components']['headers'] = {
  'X-Request-Id': {
    description: 'The id of the request in every log; the one that was sent, when it was well-formed.',
    schema: { type: 'string' },
  },
  ETag: {
    description:
      'Tells this answer from others; sent as `If-None-Match`, it is answered 304 while nothing changed.',
    schema: { type: 'string' },
  },
  Location: {
    description: 'Path at which what was made, or is being worked on, can be read.',
    schema: { type: 'string', format: 'uri-reference' },
  },
  RateLimit: {
    description: 'What is left of the allowance (`r`) and the seconds until it is full again (`t`).',
    schema: { type: 'string' },
  },
  'RateLimit-Policy': {
    description: 'The allowance (`q`) and its window in seconds (`w`).',
    schema: { type: 'string' },
  },
  'Retry-After': { description: 'Seconds to wait before trying again.', schema: { type: 'integer' } },
};

export const archiveSchema: JsonSchema = {
  type: 'string',
  contentMediaType: 'application/gzip',
  description: "The app's folder as `tar -czf` packs it.",
};

export const logStreamDescription = [
  'Server-sent events. A `log` event carries lines; its id is the offset to resume from. An `end` event follows the last one.',
  'Comments in between keep the connection open. A reader that resumes after the end is answered 204.',
].join(' ');
export const logStreamContent: Record<string, MediaType> = {
  'text/event-stream': {
    schema: { type: 'string' },
    example:
      'event: log\nid: 19\ndata: {"text":"listening on 20000\\n","startOffset":0,"nextOffset":19}\n\nevent: end\ndata: {}\n\n',
  },
};
