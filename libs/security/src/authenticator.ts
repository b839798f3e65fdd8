import type { IncomingHttpHeaders } from 'node:http';
import { Injectable } from '@nestjs/common';
import { DomainError } from '@capsule/errors';
import { CapsuleJwtStrategy } from './capsule-jwt.strategy.js';
import type { Principal } from './principal.js';

/**
 * Authenticates a raw Fastify or Node request by the passport strategy, without a guard, an execution context or passport's
 * session machinery in between.
 */
@Injectable()
export class Authenticator {
  constructor(private readonly strategy: CapsuleJwtStrategy) {}

  /** @throws DomainError auth.token.missing | invalid | expired, or platform.upstream.unavailable */
  authenticate(request: { headers: IncomingHttpHeaders }): Promise<Principal> {
    return new Promise((resolve, reject) => {
      const refuse = (error: unknown): void => reject(refusal(error));
      // Passport runs a strategy the same way: an object of its own per request, with the outcomes as methods.
      const attempt = Object.create(this.strategy) as Attempt;
      Object.assign(attempt, { success: resolve, fail: refuse, error: refuse }).authenticate(request);
    });
  }
}

interface Attempt {
  authenticate(request: { headers: IncomingHttpHeaders }): void;
}

/** passport-jwt tells of a missing token by an error of its own; all else comes from our verifier. */
function refusal(error: unknown): DomainError {
  return error instanceof DomainError ? error : new DomainError('auth.token.missing', { cause: error });
}
