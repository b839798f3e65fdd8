import { Controller } from '@nestjs/common';
import { type RequestOf, workSessionCreate, workSessionEnd, workSessionList } from '@capsule/contracts';
import { Rpc } from '@capsule/messaging';
import { WorkSessionService } from './work-session.service.js';

@Controller()
export class WorkSessionController {
  constructor(private readonly sessions: WorkSessionService) {}

  @Rpc(workSessionCreate)
  create(request: RequestOf<typeof workSessionCreate>) {
    return this.sessions.create(request);
  }

  @Rpc(workSessionEnd)
  end(request: RequestOf<typeof workSessionEnd>) {
    return this.sessions.end(request);
  }

  @Rpc(workSessionList)
  list(request: RequestOf<typeof workSessionList>) {
    return this.sessions.list(request);
  }
}
