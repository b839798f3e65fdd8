import { Global, Module } from '@nestjs/common';
import { DomainError } from '@capsule/errors';
import type { RequestContext } from '@capsule/telemetry';
import { CallerVerifier } from './caller-verifier.js';

/** Stands for what libs/security binds, and like it answers a first request later than others. */
class TokenOfTenant extends CallerVerifier {
  prepared = 0;
  private readonly known = new Set<string>();

  override prepare(): void {
    this.prepared += 1;
  }

  override verify(context: RequestContext, token = ''): Promise<void> | undefined {
    if (this.known.has(token)) return undefined;
    if (token !== `token of ${context.tenantId}`) throw new DomainError('auth.token.invalid');
    this.known.add(token);
    return Promise.resolve();
  }
}

@Global()
@Module({ providers: [{ provide: CallerVerifier, useClass: TokenOfTenant }], exports: [CallerVerifier] })
export class VerifierModule {}
