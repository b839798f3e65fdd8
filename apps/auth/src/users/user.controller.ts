import { Controller } from '@nestjs/common';
import { type ResponseOf, userGetCurrent } from '@capsule/contracts';
import { Rpc } from '@capsule/messaging';
import { UserService } from './user.service.js';

@Controller()
export class UserController {
  constructor(private readonly users: UserService) {}

  @Rpc(userGetCurrent)
  getCurrent(): Promise<ResponseOf<typeof userGetCurrent>> {
    return this.users.getCurrent();
  }
}
