import type { SeedOrganization } from '@capsule/contracts';
import { type Database, insertBatches } from '@capsule/database';
import type { OwnTables } from '../tenant/own-tables.js';
import { dashboardsOf } from './demo-dashboards.js';
import { type PastSession, sessionsOf, toolUsesOf } from './work-history.js';

const sessionColumns = {
  id: 'uuid',
  user_id: 'uuid',
  client: 'text',
  started_at: 'timestamptz',
  ended_at: 'timestamptz',
} as const;
const toolColumns = {
  id: 'uuid',
  session_id: 'uuid',
  tool: 'text',
  duration_ms: 'integer',
  succeeded: 'boolean',
  used_at: 'timestamptz',
} as const;
const dashboardColumns = { id: 'uuid', name: 'text', widgets: 'jsonb' } as const;

/** What lies in the tenant's own schema: work sessions, the tools used in them, dashboards. */
export class DocumentSeed {
  constructor(
    private readonly database: Database,
    private readonly days: readonly Date[],
  ) {}

  /** @returns how many rows were missing */
  async seed(organization: SeedOrganization, tables: OwnTables): Promise<number> {
    const { id } = organization;
    const sessions = () => this.sessions(organization);
    const own = { isInTenantSchema: true } as const;
    const missing = { skipDuplicates: true } as const;
    // In this order: a use of a tool refers to its session.
    const counts = [
      await insertBatches(
        this.database,
        id,
        { ...own, table: tables.metricsSessions, columns: sessionColumns },
        sessions(),
        missing,
      ),
      await insertBatches(
        this.database,
        id,
        { ...own, table: tables.toolMetrics, columns: toolColumns },
        usesIn(sessions()),
        missing,
      ),
      await insertBatches(
        this.database,
        id,
        { ...own, table: tables.dashboardConfigs, columns: dashboardColumns },
        dashboardsOf(organization),
        missing,
      ),
    ];
    return counts.reduce((sum, { inserted }) => sum + inserted, 0);
  }

  private *sessions({ members }: SeedOrganization) {
    for (const day of this.days) for (const member of members) yield* sessionsOf(member, day);
  }
}

function* usesIn(sessions: Iterable<PastSession>) {
  for (const session of sessions) yield* toolUsesOf(session);
}
