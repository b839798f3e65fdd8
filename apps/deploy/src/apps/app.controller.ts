import { Controller } from '@nestjs/common';
import { appCreate, appGet, appList, type RequestOf } from '@capsule/contracts';
import { Rpc } from '@capsule/messaging';
import { AppService } from './app.service.js';

@Controller()
export class AppController {
  constructor(private readonly apps: AppService) {}

  @Rpc(appCreate)
  create(request: RequestOf<typeof appCreate>) {
    return this.apps.create(request);
  }

  @Rpc(appGet)
  get(request: RequestOf<typeof appGet>) {
    return this.apps.get(request);
  }

  @Rpc(appList)
  list(request: RequestOf<typeof appList>) {
    return this.apps.list(request);
  }
}
