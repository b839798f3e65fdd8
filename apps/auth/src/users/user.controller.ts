import { Controller } from '@nestjs/common';
import { userGetCurrent } from '@capsule/contracts';
import { Rpc } from '@capsule/messaging';
import { UserService } from './user.service.js';

@Controller()
export class UserController {
  constructor(private readonly users: UserService) {}

  @Rpc(userGetCurrent)
  getCurrent() {
    return this.users.getCurrent();
  }
}
