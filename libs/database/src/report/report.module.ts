import { Controller, type DynamicModule, Get, Header, Module, UseFilters } from '@nestjs/common';
import { ProblemFilter } from '@capsule/errors';
import { Database } from '../database.js';
import { type DatabaseReport, readDatabaseReport } from './database-report.js';

class ReportedService {
  constructor(readonly name: string) {}
}

@Controller('operations')
@UseFilters(ProblemFilter)
class DatabaseReportController {
  constructor(
    private readonly database: Database,
    private readonly service: ReportedService,
  ) {}

  @Get('database')
  @Header('cache-control', 'no-store')
  read(): Promise<DatabaseReport> {
    return this.database.withoutTenant((tx) =>
      readDatabaseReport((statement, parameters) => tx.query(statement, parameters), this.service.name),
    );
  }
}

/**
 * `GET /operations/database` beside /health and /metrics on the service's own port, which is no part of the public API:
 * the report as the service's own role sees it. Like every route below /operations it answers operators only (libs/health).
 */
@Module({})
export class DatabaseReportModule {
  static forService(service: string): DynamicModule {
    return {
      module: DatabaseReportModule,
      controllers: [DatabaseReportController],
      providers: [{ provide: ReportedService, useValue: new ReportedService(service) }],
    };
  }
}
