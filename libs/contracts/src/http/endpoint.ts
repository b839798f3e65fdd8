import type { z } from 'zod';
import type { ErrorCode } from '../errors/catalogue.js';
import type { RpcContract } from '../rpc.js';

export type HttpMethod = 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';

/**
 * A route of the gateway. The fields of the request come from the path's parameters, then from the query (GET and
 * DELETE) or the body (the others), and are checked by `request`.
 */
export interface Endpoint {
  operationId: string;
  method: HttpMethod;
  /** OpenAPI path template, such as `/v1/projects/{projectId}`. */
  path: string;
  tag: string;
  summary: string;
  /** What a caller should know that the summary does not tell. */
  description?: string;
  /** 'bearer': an access token is required and its organization is the tenant. */
  security: 'public' | 'bearer';
  /** Status of success. */
  status: 200 | 201 | 202 | 204;
  rpc: RpcContract;
  /** What the outside may send: the rpc's own request, or less than it where the gateway fills in the rest. */
  request: z.ZodType;
  /** A request body for the documentation; absent where a request has no body. */
  example?: Record<string, unknown>;
  /** What can go wrong here beside what can go wrong on every route. */
  errors: readonly ErrorCode[];
  /**
   * 'archive': besides JSON the body may be the bytes of a `.tar.gz`, streamed into storage.
   * 'log-stream': the answer is `text/event-stream`, whose event ids are offsets to resume from.
   */
  transfer?: 'archive' | 'log-stream';
  /**
   * 'none': a repeated request has its effect again, because remembering the answer would mean storing the tokens in it.
   * Every other POST honours an `Idempotency-Key`.
   */
  idempotency?: 'none';
  /** The answer is the same for everybody: caches may keep it, pages of any origin read it, and it is not limited. */
  shared?: true;
  /** Costly or abusable routes have a smaller allowance. */
  limit?: 'strict';
}

type EndpointOptions = Omit<Endpoint, 'operationId' | 'request' | 'errors' | 'method' | 'path'> &
  Partial<Pick<Endpoint, 'request' | 'errors'>>;

/** @param route method and path template, such as `GET /v1/projects/{projectId}` */
export function endpoint(route: `${HttpMethod} /${string}`, options: EndpointOptions): Endpoint {
  const [method, path] = route.split(' ') as [HttpMethod, string];
  const { verb, entity } = options.rpc;
  const operationId = verb.replace(/-(\w)/g, upper) + entity.replace(/(?:^|-)(\w)/g, upper);
  return { request: options.rpc.request, errors: [], ...options, operationId, method, path };
}

function upper(_: string, letter: string): string {
  return letter.toUpperCase();
}

/** Whether a request repeated under its `Idempotency-Key` has its effect once. */
export function honoursIdempotencyKey({ method, idempotency }: Endpoint): boolean {
  return method === 'POST' && idempotency !== 'none';
}

/** Names of the parameters in a path template, in their order. */
export function pathParameters(path: string): string[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
}
