import type { INestApplicationContext } from '@nestjs/common';
import type { SeedOrganization } from '@capsule/contracts';
import { Database, seedEach } from '@capsule/database';
import { beginSeed } from '@capsule/outbox';
import { CustomerService } from '../customers/customer.service.js';

/**
 * Opens the account of each organization of the plan on standard input, on its plan. That has to happen before auth
 * founds the organization: an account that is there already is what its event leaves alone, and the free plan is what
 * it would open. The usage comes by the events of deploy and monitor, as it always does.
 */
export async function seedCommand(
  context: INestApplicationContext,
  print: (line: string) => void,
): Promise<number> {
  const { organizations } = await beginSeed(context);
  const database = context.get(Database);
  const customers = context.get(CustomerService);
  const open = async ({ id, name, planCode, foundedAt, members: [owner] }: SeedOrganization) => {
    const customer = { name, email: owner.email, createdAt: new Date(foundedAt), planCode };
    return database.withTenant(id, async (tx) => ((await customers.open(tx, customer)) ? 1 : 0));
  };
  return seedEach(organizations, print, open);
}
