import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { DomainError } from '@capsule/errors';
import { CallerVerifier } from '@capsule/messaging';
import type { RequestContext } from '@capsule/telemetry';
import type { AccessTokenClaims } from './access-token-claims.js';
import { TokenVerifier } from './token-verifier.js';

/** Believes a request's tenant and actor when the access token that came with it names the same. */
@Injectable()
export class TokenCallers extends CallerVerifier implements OnModuleDestroy {
  private readonly stopped = new AbortController();

  constructor(private readonly tokens: TokenVerifier) {
    super();
  }

  override prepare(): void {
    void this.tokens.prepare(this.stopped.signal);
  }

  override verify(context: RequestContext, token: string | undefined): Promise<void> | undefined {
    const known = token === undefined ? undefined : this.tokens.findVerified(token);
    if (!known) return this.tokens.verify(token).then((claims) => requireSame(context, claims));
    requireSame(context, known);
    return undefined;
  }

  onModuleDestroy(): void {
    this.stopped.abort();
  }
}

function requireSame({ tenantId, actor }: RequestContext, { tid, sub, role }: AccessTokenClaims): void {
  const isSame = tenantId === tid && actor?.type === 'user' && actor.id === sub && actor.role === role;
  if (!isSame) throw new DomainError('auth.token.invalid');
}
