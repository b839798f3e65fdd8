import { Controller, type DynamicModule, Get, Header, Module, UseFilters, UseGuards } from '@nestjs/common';
import type { OperationsSettings } from '@capsule/config';
import { ProblemFilter } from '@capsule/errors';
import { Database } from '../database.js';
import { type DatabaseReport, readDatabaseReport } from './database-report.js';
import { OperatorGuard, OperatorToken } from './operator.guard.js';

class ReportedService {
  constructor(readonly name: string) {}
}

@Controller('operations')
@UseGuards(OperatorGuard)
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
 * the report as the service's own role sees it. There is no such route while no operator token is configured.
 */
@Module({})
export class DatabaseReportModule {
  static forService(service: string, { token }: OperationsSettings): DynamicModule {
    if (token === undefined) return { module: DatabaseReportModule };
    return {
      module: DatabaseReportModule,
      controllers: [DatabaseReportController],
      providers: [
        { provide: OperatorToken, useValue: new OperatorToken(token) },
        { provide: ReportedService, useValue: new ReportedService(service) },
      ],
    };
  }
}
