import { Injectable } from '@nestjs/common';
import {
  dashboardCreate,
  type dashboardDelete,
  type dashboardGet,
  type dashboardList,
  type dashboardUpdate,
  type RequestOf,
  type ResponseOf,
  type Widget,
} from '@capsule/contracts';
import { DomainError } from '@capsule/errors';
import { IdempotentRequests } from '@capsule/outbox';
import { AppService } from '../app/app.service.js';
import { TenantSchemaService } from '../tenant/tenant-schema.service.js';
import { DashboardRepository, type DashboardRow } from './dashboard.repository.js';

type Dashboard = ResponseOf<typeof dashboardGet>;

/** Every method also throws what TenantSchemaService.enter throws. */
@Injectable()
export class DashboardService {
  constructor(
    private readonly schemas: TenantSchemaService,
    private readonly dashboards: DashboardRepository,
    private readonly apps: AppService,
    private readonly idempotent: IdempotentRequests,
  ) {}

  /** @throws DomainError monitor.dashboard.name_taken, monitor.app.not_found */
  create(request: RequestOf<typeof dashboardCreate>): Promise<Dashboard> {
    return this.schemas.enter((tx, tables) =>
      this.idempotent.once(tx, dashboardCreate.subject, request, async () => {
        await this.apps.requireAll(tx, appsOf(request.widgets));
        return viewOf(await this.dashboards.insert(tx, tables, request));
      }),
    );
  }

  /** @throws DomainError monitor.dashboard.not_found */
  get({ dashboardId }: RequestOf<typeof dashboardGet>): Promise<Dashboard> {
    return this.schemas.enter(async (tx, tables) =>
      viewOf(await this.dashboards.findById(tx, tables, dashboardId)),
    );
  }

  /** @throws DomainError platform.cursor.invalid */
  list(page: RequestOf<typeof dashboardList>): Promise<ResponseOf<typeof dashboardList>> {
    return this.schemas.enter((tx, tables) => this.dashboards.list(tx, tables, page, viewOf));
  }

  /** @throws DomainError monitor.dashboard.not_found, monitor.dashboard.name_taken, monitor.app.not_found */
  update({ dashboardId, ...changes }: RequestOf<typeof dashboardUpdate>): Promise<Dashboard> {
    return this.schemas.enter(async (tx, tables) => {
      const dashboard = viewOf(await this.dashboards.update(tx, tables, dashboardId, changes));
      await this.apps.requireAll(tx, appsOf(changes.widgets ?? []));
      return dashboard;
    });
  }

  /** @throws DomainError monitor.dashboard.not_found */
  async delete({ dashboardId }: RequestOf<typeof dashboardDelete>): Promise<Record<string, never>> {
    const found = await this.schemas.enter((tx, tables) => this.dashboards.delete(tx, tables, dashboardId));
    if (!found) throw new DomainError('monitor.dashboard.not_found');
    return {};
  }
}

/** The apps that widgets show; one of all apps names none. */
function appsOf(widgets: readonly Widget[]): string[] {
  return widgets.flatMap(({ appId }) => appId ?? []);
}

function viewOf(row: DashboardRow | undefined): Dashboard {
  if (!row) throw new DomainError('monitor.dashboard.not_found');
  const { id, name, widgets, createdAt, updatedAt } = row;
  return { id, name, widgets, createdAt: createdAt.toISOString(), updatedAt: updatedAt.toISOString() };
}
