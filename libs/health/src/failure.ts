import { isNativeError } from 'node:util/types';
import { redactText } from '@capsule/telemetry';

/** What went wrong, down to its first cause, without stacks. */
export function describeFailure(error: unknown): string {
  const parts: string[] = [];
  for (let current: unknown = error; current !== undefined && parts.length < 5; current = causeOf(current)) {
    const part = messageOf(current);
    if (!parts.some((known) => known.includes(part))) parts.push(part);
  }
  return redactText(parts.join(': '));
}

function causeOf(error: unknown): unknown {
  return isNativeError(error) ? error.cause : undefined;
}

/** A refused connection to a name with two addresses is an AggregateError with an empty message. */
function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(messageOf).join(', ');
  return isNativeError(error) ? error.message || error.name : String(error);
}
