import {
  type Endpoint,
  type ErrorCode,
  errorCatalogue,
  type ErrorKind,
  honoursIdempotencyKey,
  httpStatus,
} from '@capsule/contracts';
import { DomainError, toProblem } from '@capsule/errors';
import { schemaReference } from './json-schemas.js';
import type { Response } from './openapi-document.js';

const everywhere: ErrorCode[] = [
  'platform.request.invalid',
  'platform.request.internal',
  'platform.upstream.unavailable',
  'platform.upstream.timeout',
  'platform.service.overloaded',
];
const withToken: ErrorCode[] = ['auth.token.missing', 'auth.token.invalid', 'auth.token.expired'];
const withBody: ErrorCode[] = [
  'platform.request.malformed',
  'platform.request.too_large',
  'platform.request.unsupported_media',
];
const withKey: ErrorCode[] = ['platform.request.conflict', 'platform.request.idempotency_key_reused'];

export interface ProblemResponse {
  kind: ErrorKind;
  codes: ErrorCode[];
  /** True when the answer has no code that is special to the route, so that routes can share its description. */
  common: boolean;
}

/** Every problem an endpoint may answer with, by status. */
export function problemsOf(endpoint: Endpoint): Map<number, ProblemResponse> {
  const common = new Set([
    ...everywhere,
    ...(endpoint.shared ? [] : (['platform.request.rate_limited'] as const)),
    ...(endpoint.security === 'bearer' ? withToken : []),
    ...(endpoint.rpc.permission ? (['platform.permission.denied'] as const) : []),
    ...(endpoint.method === 'GET' ? [] : withBody),
    ...(honoursIdempotencyKey(endpoint) ? withKey : []),
  ]);
  const problems = new Map<number, ProblemResponse>();
  for (const code of new Set([...common, ...endpoint.errors])) {
    const { kind } = errorCatalogue[code];
    const problem = problems.get(httpStatus(kind)) ?? { kind, codes: [], common: true };
    problem.codes.push(code);
    problem.common &&= common.has(code);
    problems.set(httpStatus(kind), problem);
  }
  return problems;
}

export function problemResponse({ kind, codes }: ProblemResponse): Response {
  const waits = kind === 'limited' || kind === 'unavailable';
  return {
    description: codes.map((code) => `\`${code}\`: ${errorCatalogue[code].title}`).join('  \n'),
    headers: {
      'X-Request-Id': { $ref: '#/components/headers/X-Request-Id' },
      ...(waits && { 'Retry-After': { $ref: '#/components/headers/Retry-After' } }),
    },
    content: {
      'application/problem+json': {
        schema: {
          allOf: [{ $ref: schemaReference('Problem') }, { properties: { code: { enum: codes } } }],
        },
        examples: Object.fromEntries(codes.map((code) => [code, exampleOf(code)])),
      },
    },
  };
}

function exampleOf(code: ErrorCode): { summary: string; value: unknown } {
  return { summary: errorCatalogue[code].title, value: toProblem(new DomainError(code)) };
}
