import type { RpcContract } from '../rpc.js';

export type HttpMethod = 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';

/**
 * A route of the gateway. The fields of the request come from the path's parameters, then from the query (GET and
 * DELETE) or the body (the others), and are checked by the request's own schema.
 */
export interface Endpoint {
  operationId: string;
  method: HttpMethod;
  /** OpenAPI path template, such as `/v1/projects/{projectId}`. */
  path: string;
  tag: string;
  summary: string;
  /** 'bearer': an access token is required and its organization is the tenant. */
  security: 'public' | 'bearer';
  /** Status of success. */
  status: 200 | 201 | 202 | 204;
  rpc: RpcContract;
  /**
   * 'archive': besides JSON the body may be the bytes of a `.tar.gz`, streamed into storage.
   * 'log-stream': the answer is `text/event-stream`, whose event ids are offsets to resume from.
   */
  transfer?: 'archive' | 'log-stream';
  /** Costly or abusable routes have a smaller allowance. */
  limit?: 'strict';
}
