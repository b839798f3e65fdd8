import type { Table } from './tenant-tables.js';

const CONTEXT = "(NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid";

/** The shapes that policies have, as PostgreSQL prints them. Any other is a mistake until it is written down here. */
const OWN_ROWS = `(tenant_id = ${CONTEXT})`;
const REGISTERED = `(id = ${CONTEXT})`;
const OWN_OR_PLATFORM_ROWS = `(NOT (tenant_id IS DISTINCT FROM ${CONTEXT}))`;
const MEMBERS = `(EXISTS ( SELECT
   FROM memberships m
  WHERE ((m.tenant_id = ${CONTEXT}) AND (m.user_id = users.id))))`;
/** In a schema of one tenant's own every row is that tenant's: the policy compares a constant. */
const ONE_TENANT = /^\((.*) = '([0-9a-f-]{36})'::uuid\)$/;

/**
 * How the rows of a table belong to tenants.
 *
 *     own         each to the tenant of its tenant_id
 *     registry    the row is the tenant, and its id the tenant's (monitor's tenants)
 *     orPlatform  the same, and those without tenant_id to the platform
 *     members     to every tenant that the user is a member of (auth's users)
 *     schema      all to the one tenant of the schema
 */
export type Tenancy =
  { kind: 'own' | 'registry' | 'orPlatform' | 'members' } | { kind: 'schema'; tenantId: string };

/** @returns undefined when the table's policy has none of the known shapes */
export function tenancyOf(table: Table): Tenancy | undefined {
  const [policy, ...others] = table.policies;
  if (policy === undefined || others.length > 0) return undefined;
  if (!policy.permissive || policy.command !== '*' || !policy.forEverybody) return undefined;
  // Without WITH CHECK, what may be read may be written.
  if (policy.check !== null && policy.check !== policy.using) return undefined;
  if (policy.using === OWN_ROWS) return { kind: 'own' };
  if (policy.using === REGISTERED && table.id === 'public.tenants') return { kind: 'registry' };
  if (policy.using === OWN_OR_PLATFORM_ROWS) return { kind: 'orPlatform' };
  if (policy.using === MEMBERS && table.id === 'public.users') return { kind: 'members' };
  const [, compared, tenantId] = ONE_TENANT.exec(policy.using ?? '') ?? [];
  if (tenantId !== undefined && compared === CONTEXT && table.schema !== 'public')
    return { kind: 'schema', tenantId };
  return undefined;
}
