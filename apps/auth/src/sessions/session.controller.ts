import { Controller } from '@nestjs/common';
import { type RequestOf, sessionRefresh, sessionSignIn } from '@capsule/contracts';
import { Rpc } from '@capsule/messaging';
import { SessionService } from './session.service.js';

@Controller()
export class SessionController {
  constructor(private readonly sessions: SessionService) {}

  @Rpc(sessionSignIn)
  signIn(request: RequestOf<typeof sessionSignIn>) {
    return this.sessions.signIn(request);
  }

  @Rpc(sessionRefresh)
  refresh(request: RequestOf<typeof sessionRefresh>) {
    return this.sessions.refresh(request);
  }
}
