/**
 * What a process tells of itself is for operators: hosted apps reach what listens on loopback as the platform does, and
 * the world reaches the gateway. This file is a second entry of the lib, for processes that load no Nest.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { DomainError } from '@capsule/errors/problem';

const BEARER = /^Bearer +(\S+)$/i;

/** Why the call does not come from an operator, or undefined when it does. */
export function operatorRefusal(authorization: string | undefined, token: string): DomainError | undefined {
  const given = BEARER.exec(authorization ?? '')?.[1];
  if (given === undefined) return new DomainError('platform.operator.token_missing');
  return isSame(given, token) ? undefined : new DomainError('platform.operator.token_refused');
}

/** In a time that tells nothing of where they differ; digests, because it compares only what is equally long. */
function isSame(given: string, expected: string): boolean {
  const [one, other] = [given, expected].map((text) => createHash('sha256').update(text).digest());
  return one !== undefined && other !== undefined && timingSafeEqual(one, other);
}
