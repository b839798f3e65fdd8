import { migrationsFolder, newestVersion } from '../migrations/migration-files.js';
import { type Ask, type Finding, type Section, warning } from './section.js';

export interface TenantFigures {
  /** Of the migrations of tenants' schemas. */
  newestVersion: string | null;
  byState: Record<string, number>;
  /** Served, by a schema older than the newest version. Null, as the next two, where the reading role sees no registry. */
  behind: number | null;
  /** Whose schema could not be made, or not be brought to a later version. */
  withFailure: number | null;
  /** Not finished, and no provisioner has tried for a minute. */
  overdue: number | null;
}

interface StateCounts extends Pick<TenantFigures, 'behind' | 'withFailure' | 'overdue'> {
  state: string;
  tenants: number;
}

/** For a role that policies don't bind. Versions are compared as numbers, as tenants_due() does. */
const REGISTRY = `
  SELECT state, count(*)::integer AS tenants, count(failure)::integer AS "withFailure",
         count(*) FILTER (WHERE state = 'active'
           AND string_to_array(schema_version, '.')::integer[] < string_to_array($1, '.')::integer[])::integer AS behind,
         count(*) FILTER (WHERE state <> 'active' AND next_attempt_at < now() - interval '1 minute')::integer AS overdue
  FROM public.tenants GROUP BY state ORDER BY state`;

/** For the service's own role, to which the registry seems empty. */
const STATES = `
  SELECT state, tenants::integer AS tenants, NULL AS "withFailure", NULL AS behind, NULL AS overdue
  FROM public.tenants_by_state() ORDER BY state`;

const HOW =
  '`npm run db:info:tenants` tells which and why, docs/runbooks/tenants.md what to do; ' +
  '`npm run db:migrate:tenants` tries all of them at once.';

/** The schemas that tenants have of their own. Null for a service that has none. */
export async function readTenants(ask: Ask, service: string): Promise<Section<TenantFigures | null>> {
  const [registry] = await ask<{ isThere: boolean }>(
    `SELECT to_regclass('public.tenants') IS NOT NULL AS "isThere"`,
  );
  if (!registry?.isThere) return { figures: null, findings: [] };
  const [role] = await ask<{ isBound: boolean }>(`SELECT row_security_active('public.tenants') AS "isBound"`);
  const newest = (await newestVersion(migrationsFolder(`${service}-tenant`))) ?? null;
  const isBound = role?.isBound ?? true;
  const states = isBound ? await ask<StateCounts>(STATES) : await ask<StateCounts>(REGISTRY, [newest]);
  const total = (figure: 'withFailure' | 'behind' | 'overdue') =>
    isBound ? null : states.reduce((sum, counts) => sum + (counts[figure] ?? 0), 0);
  const figures = {
    newestVersion: newest,
    byState: Object.fromEntries(states.map(({ state, tenants }) => [state, tenants])),
    behind: total('behind'),
    withFailure: total('withFailure'),
    overdue: total('overdue'),
  };
  return { figures, findings: findingsIn(figures) };
}

function findingsIn({ byState, newestVersion: newest, behind, overdue }: TenantFigures): Finding[] {
  const failed = byState['failed'] ?? 0;
  return [
    ...(failed > 0 ? [warning(`${failed} tenants have no schema: it could not be made.`, HOW)] : []),
    ...(behind ? [warning(`${behind} tenants are behind version ${newest} of their schema.`, HOW)] : []),
    ...(overdue
      ? [
          warning(
            `${overdue} tenants wait for a schema, and nobody makes it.`,
            'See whether the provisioner runs (docs/runbooks/tenants.md): until it does, their requests are answered 503.',
          ),
        ]
      : []),
  ];
}
