import { type ErrorCode, errorCatalogue, type ErrorKind } from '@capsule/contracts';

export interface FieldError {
  /** Dotted path in the request, '' for the request itself. */
  path: string;
  message: string;
}

export interface DomainErrorOptions {
  /** Public: it is sent to the caller. What must stay inside goes into `cause`. */
  detail?: string;
  cause?: unknown;
  fieldErrors?: readonly FieldError[];
  /** When a limited or unavailable request may be tried again. */
  retryAfterSeconds?: number;
}

/**
 * The one error that crosses borders. Its code decides kind, title and HTTP status; `cause` is for the log of the
 * process that threw it and never leaves that process.
 */
export class DomainError extends Error {
  override readonly name = 'DomainError';
  readonly kind: ErrorKind;
  readonly detail?: string;
  readonly fieldErrors?: readonly FieldError[];
  readonly retryAfterSeconds?: number;

  constructor(
    readonly code: ErrorCode,
    options: DomainErrorOptions = {},
  ) {
    const { kind, title } = errorCatalogue[code];
    super(options.detail === undefined ? `${code}: ${title}` : `${code}: ${options.detail}`, {
      cause: options.cause,
    });
    this.kind = kind;
    this.detail = options.detail;
    this.fieldErrors = options.fieldErrors;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}
