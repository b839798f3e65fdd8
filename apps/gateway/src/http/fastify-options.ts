import { DomainError, type ProblemReply, type ProblemRequest, sendProblem } from '@capsule/errors';
import type { FastifyError, FastifyReply } from 'fastify';
import { answerClientError } from './client-errors.js';
import { requestId } from './request-id.js';
import { setResponseHeaders } from './response-headers.js';

/** Long enough for the largest archive over a slow line; headers have to be there much sooner. */
const REQUEST_TIMEOUT_MS = 15 * 60_000;
const HEADERS_TIMEOUT_MS = 15_000;
/** How late the two may be noticed. Node looks every 30 s of itself. */
const CONNECTIONS_CHECKING_INTERVAL_MS = 1_000;
/** Above the usual 60 s of proxies in front, so that a connection is never closed under a request they just sent. */
const KEEP_ALIVE_TIMEOUT_MS = 65_000;

export function fastifyOptions(settings: { trustProxy: boolean }) {
  return {
    genReqId: requestId,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    http: {
      headersTimeout: HEADERS_TIMEOUT_MS,
      connectionsCheckingInterval: CONNECTIONS_CHECKING_INTERVAL_MS,
      // Refused by a hook of prepareHttp, which says why.
      requireHostHeader: false,
    },
    // One hop: the proxy's own word about its peer is believed, what its peer claims about others is not.
    trustProxy: settings.trustProxy && ((_address: string, hop: number) => hop === 0),
    clientErrorHandler: answerClientError,
    // What the router refuses before any hook runs: a path that is no URL, or a parameter longer than any id.
    frameworkErrors: (error: FastifyError, request: ProblemRequest, reply: unknown) => {
      const code = error.statusCode === 414 ? 'platform.route.not_found' : 'platform.request.malformed';
      setResponseHeaders(request, reply as FastifyReply);
      sendProblem(new DomainError(code), request, reply as ProblemReply);
    },
  };
}
