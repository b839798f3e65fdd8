import { Controller } from '@nestjs/common';
import { type RequestOf, userSignUp } from '@capsule/contracts';
import { Rpc } from '@capsule/messaging';
import { SignUpService } from './sign-up.service.js';

@Controller()
export class SignUpController {
  constructor(private readonly signUps: SignUpService) {}

  @Rpc(userSignUp)
  signUp(request: RequestOf<typeof userSignUp>) {
    return this.signUps.signUp(request);
  }
}
