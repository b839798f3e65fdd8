import { runInContext } from '@capsule/telemetry';

/**
 * Lets a service write its part of each demo organization in turn, in the organization's context and in the name of
 * `db:seed`. How far it is goes to standard error, for people; the number of rows written goes to `print`, for the
 * tool that started it.
 * @param seed writes what is missing. @returns how many rows that was
 */
export async function seedEach<Organization extends { id: string; name: string }>(
  organizations: readonly Organization[],
  print: (line: string) => void,
  seed: (organization: Organization) => Promise<number>,
): Promise<number> {
  let written = 0;
  for (const [index, organization] of organizations.entries()) {
    const { id: tenantId, name } = organization;
    const actor = { type: 'system', id: 'db:seed' } as const;
    const rows = await runInContext({ requestId: 'db:seed', tenantId, actor }, () => seed(organization));
    written += rows;
    const place = `${index + 1}/${organizations.length}`;
    process.stderr.write(`  ${place} ${name}: ${rows === 0 ? 'nothing new' : `${rows} rows`}\n`);
  }
  print(JSON.stringify({ written }));
  return 0;
}
