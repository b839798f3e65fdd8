import { isErrorCode } from '@capsule/contracts';
import { DomainError, type FieldError } from './domain-error.js';
import { toDomainError } from './foreign-error.js';

/** What a service answers instead of a response. No message, stack or cause: those stay in its own log. */
export interface RpcErrorPayload {
  code: string;
  detail?: string;
  fieldErrors?: FieldError[];
  retryAfterSeconds?: number;
}

export function encodeRpcError(error: unknown): RpcErrorPayload {
  const { code, detail, fieldErrors, retryAfterSeconds } = toDomainError(error);
  return {
    code,
    ...(detail !== undefined && { detail }),
    ...(fieldErrors !== undefined && {
      fieldErrors: fieldErrors.map(({ path, message }) => ({ path, message })),
    }),
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
  };
}

const decoded = new WeakSet<DomainError>();

/** True for an error that another process threw, and therefore has logged. */
export function isRemote(error: unknown): boolean {
  return error instanceof DomainError && decoded.has(error);
}

/** The domain error a service sent; a payload of another shape, or of a code unknown here, is an internal one. */
export function decodeRpcError(payload: unknown): DomainError {
  const error = read(payload);
  decoded.add(error);
  return error;
}

function read(payload: unknown): DomainError {
  if (typeof payload !== 'object' || payload === null || !('code' in payload) || !isErrorCode(payload.code)) {
    return new DomainError('platform.request.internal');
  }
  const { detail, fieldErrors, retryAfterSeconds } = payload as Record<string, unknown>;
  return new DomainError(payload.code, {
    detail: typeof detail === 'string' ? detail : undefined,
    fieldErrors: Array.isArray(fieldErrors) ? fieldErrors.filter(isFieldError) : undefined,
    retryAfterSeconds: typeof retryAfterSeconds === 'number' ? retryAfterSeconds : undefined,
  });
}

function isFieldError(value: unknown): value is FieldError {
  if (typeof value !== 'object' || value === null) return false;
  const { path, message } = value as Record<string, unknown>;
  return typeof path === 'string' && typeof message === 'string';
}
