import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { type RequestOf, sessionRefresh, sessionSignIn } from '@capsule/contracts';
import { Rpc } from '@capsule/messaging';
import { SessionService } from './session.service.js';

@Controller()
export class SessionController {
  constructor(private readonly sessions: SessionService) {}

  @Rpc(sessionSignIn)
  signIn(@Payload() request: RequestOf<typeof sessionSignIn>) {
    return this.sessions.signIn(request);
  }

  @Rpc(sessionRefresh)
  refresh(@Payload() request: RequestOf<typeof sessionRefresh>) {
    return this.sessions.refresh(request);
  }
}
