import { Module } from '@nestjs/common';
import { AppConsumer } from './app.consumer.js';
import { AppRepository } from './app.repository.js';
import { AppService } from './app.service.js';

/** The apps monitor knows of. Named so because `AppModule` is the root of the process. */
@Module({ providers: [AppConsumer, AppRepository, AppService], exports: [AppService] })
export class MonitoredAppModule {}
