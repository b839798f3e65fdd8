import { createHash, timingSafeEqual } from 'node:crypto';
import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { DomainError } from '@capsule/errors';

const BEARER = /^Bearer +(\S+)$/i;

export class OperatorToken {
  constructor(readonly value: string) {}
}

/** Lets through who has the operator token of the configuration. */
@Injectable()
export class OperatorGuard implements CanActivate {
  constructor(private readonly token: OperatorToken) {}

  /** @throws DomainError platform.operator.token_missing, platform.operator.token_refused */
  canActivate(context: ExecutionContext): boolean {
    const { headers } = context.switchToHttp().getRequest<{ headers: { authorization?: string } }>();
    const given = BEARER.exec(headers.authorization ?? '')?.[1];
    if (given === undefined) throw new DomainError('platform.operator.token_missing');
    if (!isSame(given, this.token.value)) throw new DomainError('platform.operator.token_refused');
    return true;
  }
}

/** In a time that tells nothing of where they differ; digests, because it compares only what is equally long. */
function isSame(given: string, expected: string): boolean {
  const [one, other] = [given, expected].map((text) => createHash('sha256').update(text).digest());
  return one !== undefined && other !== undefined && timingSafeEqual(one, other);
}
