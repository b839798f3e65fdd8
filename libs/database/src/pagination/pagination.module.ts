import { type DynamicModule, Module } from '@nestjs/common';
import type { PaginationSettings } from '@capsule/config';
import { Pagination } from './pagination.js';

/** For services that have lists. */
@Module({})
export class PaginationModule {
  static forService({ cursorKey }: PaginationSettings): DynamicModule {
    return {
      module: PaginationModule,
      global: true,
      providers: [{ provide: Pagination, useFactory: () => new Pagination(cursorKey) }],
      exports: [Pagination],
    };
  }
}
