import { Controller } from '@nestjs/common';
import { archiveBegin, type RequestOf } from '@capsule/contracts';
import { Rpc } from '@capsule/messaging';
import { ArchiveService } from './archive.service.js';

@Controller()
export class ArchiveController {
  constructor(private readonly archives: ArchiveService) {}

  @Rpc(archiveBegin)
  begin(request: RequestOf<typeof archiveBegin>) {
    return this.archives.begin(request);
  }
}
