import { type ArgumentsHost, Catch, type ExceptionFilter, Logger } from '@nestjs/common';
import { toDomainError } from './foreign-error.js';
import { problemHeaders, toProblem } from './problem.js';
import { logSeverity } from './severity.js';

/** The part of a Fastify request and reply that answering a problem needs. */
export interface ProblemRequest {
  id: string;
  url: string;
}
export interface ProblemReply {
  sent: boolean;
  raw: { destroy(error?: Error): unknown };
  code(status: number): ProblemReply;
  headers(values: Record<string, string>): ProblemReply;
  send(body: unknown): unknown;
}

const logger = new Logger('Problem');

/**
 * Answers any error as problem+json and logs what deserves it. Also usable as Fastify's own error handler. A reply that
 * has begun can only be cut: the caller must not take half a body for a whole one.
 */
export function sendProblem(error: unknown, request: ProblemRequest, reply: ProblemReply): void {
  const severity = logSeverity(error);
  if (severity !== undefined) logger[severity]('A request failed', error);
  if (reply.sent) {
    reply.raw.destroy();
    return;
  }
  const domainError = toDomainError(error);
  const query = request.url.indexOf('?');
  const instance = query < 0 ? request.url : request.url.slice(0, query);
  const problem = toProblem(domainError, { requestId: request.id, instance });
  reply.code(problem.status).headers(problemHeaders(domainError)).send(problem);
}

/** The one filter of Nest's HTTP side. The request id is the one Fastify gave the request (`genReqId`). */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    sendProblem(error, http.getRequest<ProblemRequest>(), http.getResponse<ProblemReply>());
  }
}
