import { type Answer, parsed, succeeded } from './answer.fixture.js';

/** The same request with three ids in one place. */
export interface Probe {
  /** With an own id; absent for a caller without a token. */
  own?: Answer;
  foreign: Answer;
  foreignId: string;
  unknown: Answer;
  unknownId: string;
  /** What of the other organization no answer may contain. The id that was sent may come back. */
  secrets: readonly string[];
  /** No own id can be made to succeed; then all that can be told is that foreign and unknown are alike. */
  isWithoutControl?: boolean;
}

/** What the answers give away or let through, or nothing. */
export function faultOf(probe: Probe): string | undefined {
  const { own, foreign, foreignId, unknown, unknownId, secrets } = probe;
  const leaked = leakOf(foreign, secrets, foreignId);
  if (leaked !== undefined) return `tells ${leaked} of another organization`;
  const expected = own === undefined ? 401 : own.status === 403 ? 403 : undefined;
  if (expected === undefined && own && !succeeded(own) && !probe.isWithoutControl) {
    return `was never seen to succeed: own ids are answered ${describe(own)}`;
  }
  if (expected !== undefined && foreign.status !== expected) {
    return `answers ${describe(foreign)} where ${expected} was due`;
  }
  if (expected === 403 && own && comparable(own, foreignId) !== comparable(foreign, foreignId)) {
    return `refuses an own id otherwise: ${describe(own)}, ${describe(foreign)}`;
  }
  if (comparable(foreign, foreignId) !== comparable(unknown, unknownId)) {
    return `answers ${describe(foreign)}, but for an unknown id ${describe(unknown)}`;
  }
  if (expected !== undefined || foreign.status === 404 || probe.isWithoutControl) return undefined;
  return `answers ${describe(foreign)} where 404 was due`;
}

/** The first secret in an answer, but for the one that was sent. */
export function leakOf(answer: Answer, secrets: readonly string[], sent?: string): string | undefined {
  return secrets.find((secret) => secret !== sent && answer.text.includes(secret));
}

/** Two answers are the same when only request id, instance and the id that was sent differ, and so this is equal. */
export function comparable(answer: Answer, sentId: string): string {
  const body = parsed(answer);
  const isObject = typeof body === 'object' && body !== null && !Array.isArray(body);
  const told = isObject
    ? JSON.stringify({ ...body, requestId: undefined, instance: undefined })
    : answer.text;
  return `${answer.status} ${answer.contentType} ${told.replaceAll(sentId, '<id>')}`;
}

function describe({ status, text }: Answer): string {
  return `${status} ${text.slice(0, 300)}`;
}
