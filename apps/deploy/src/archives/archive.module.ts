import { Module } from '@nestjs/common';
import { AppFeatureModule } from '../apps/app-feature.module.js';
import { ArchiveController } from './archive.controller.js';
import { ArchiveService } from './archive.service.js';
import { ArchiveUploadRepository } from './archive-upload.repository.js';

@Module({
  imports: [AppFeatureModule],
  controllers: [ArchiveController],
  providers: [ArchiveService, ArchiveUploadRepository],
  exports: [ArchiveService],
})
export class ArchiveModule {}
