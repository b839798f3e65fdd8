import { authErrors } from './auth.js';
import { billingErrors } from './billing.js';
import { deployErrors } from './deploy.js';
import { monitorErrors } from './monitor.js';
import { platformErrors } from './platform.js';

/** Every error code that leaves a process. A code is `<service>.<entity>.<reason>` and never changes its meaning. */
export const errorCatalogue = {
  ...platformErrors,
  ...authErrors,
  ...billingErrors,
  ...deployErrors,
  ...monitorErrors,
};

export type ErrorCode = keyof typeof errorCatalogue;

export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(errorCatalogue, value);
}
