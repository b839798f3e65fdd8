import type { ServiceName } from '@capsule/contracts';

/** A fault in the tenancy of a database, and the route that must be found to suffer from it. */
export interface SpoiltPolicy {
  title: string;
  service: ServiceName;
  spoil: string;
  mend: string;
  operationId: string;
  finding: RegExp;
}

const HANDED_OUT = /answers 200|tells .* of another organization/;

const projectsPolicy = `tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid`;

export const spoiltPolicies: readonly SpoiltPolicy[] = [
  open('deploy', ['projects'], 'getProject'),
  open('deploy', ['apps'], 'getApp'),
  // A deployment is read together with its app, so that one policy alone holds too.
  open('deploy', ['deployments', 'apps'], 'getDeployment'),
  open('monitor', ['apps'], 'queryMetric'),
  {
    title: 'projects in deploy are without a policy, which is to see nothing',
    service: 'deploy',
    spoil: 'DROP POLICY tenant ON projects',
    mend: `CREATE POLICY tenant ON projects USING (${projectsPolicy}) WITH CHECK (${projectsPolicy})`,
    operationId: 'getProject',
    finding: /was never seen to succeed/,
  },
];

function open(service: ServiceName, tables: readonly string[], operationId: string): SpoiltPolicy {
  const all = (change: string) =>
    tables.map((table) => `ALTER TABLE ${table} ${change} ROW LEVEL SECURITY`).join(';');
  return {
    title: `${tables.join(' and ')} in ${service} are open to every tenant`,
    service,
    spoil: all('DISABLE'),
    mend: all('ENABLE'),
    operationId,
    finding: HANDED_OUT,
  };
}
