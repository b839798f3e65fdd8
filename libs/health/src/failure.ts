import { isNativeError } from 'node:util/types';
import { EnvironmentError } from '@capsule/config';
import { redactText } from '@capsule/telemetry';

/** What went wrong, down to its first cause, without stacks. */
export function describeFailure(error: unknown): string {
  const parts: string[] = [];
  for (let current: unknown = error; current !== undefined && parts.length < 5; current = causeOf(current)) {
    const part = messageOf(current);
    if (!parts.some((known) => known.includes(part))) parts.push(part);
  }
  return parts.join(': ');
}

function causeOf(error: unknown): unknown {
  return isNativeError(error) ? error.cause : undefined;
}

/** A refused connection to a name with two addresses is an AggregateError with an empty message. */
function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(messageOf).join(', ');
  // Names variables of secrets and quotes none: behind a name that looks like one, the reason would be taken for it.
  if (error instanceof EnvironmentError) return error.message;
  return redactText(isNativeError(error) ? error.message || error.name : String(error));
}
