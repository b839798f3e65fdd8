import type { TenantService } from './tenant.service.js';

/**
 * `tenant <id|domain>`: tells who that is, and in which schema its own tables lie.
 * @returns the exit code: 0 told, 1 nobody has that name, 2 wrong usage
 */
export async function tenantCommand(
  tenants: TenantService,
  [, name, ...more]: readonly string[],
  print: (line: string) => void,
): Promise<number> {
  if (name === undefined || more.length > 0) {
    print('usage: command.js tenant <id|domain>');
    return 2;
  }
  const tenant = await tenants.find(name);
  print(tenant ? JSON.stringify(tenant, null, 2) : `no tenant has the id or domain ${name}`);
  return tenant ? 0 : 1;
}
