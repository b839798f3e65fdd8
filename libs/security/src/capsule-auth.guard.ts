import { Injectable } from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';
import { refusal } from './authenticator.js';
import { CAPSULE_JWT } from './capsule-jwt.strategy.js';

/** For Nest controllers: `request.user` becomes the Principal, or the request is refused with a problem. */
@Injectable()
export class CapsuleAuthGuard extends AuthGuard(CAPSULE_JWT) {
  override handleRequest<Principal>(error: unknown, principal: Principal | false, info: unknown): Principal {
    if (error || !principal) throw refusal(error ?? info);
    return principal;
  }
}
