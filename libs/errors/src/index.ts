export { DomainError, type DomainErrorOptions, type FieldError } from './domain-error.js';
export { toDomainError } from './foreign-error.js';
export { problemHeaders, type ProblemOrigin, toProblem } from './problem.js';
export { ProblemFilter, type ProblemReply, type ProblemRequest, sendProblem } from './problem-filter.js';
export { decodeRpcError, encodeRpcError, isRemote, type RpcErrorPayload } from './rpc-error.js';
export { logSeverity } from './severity.js';
export { validationError } from './validation-error.js';
