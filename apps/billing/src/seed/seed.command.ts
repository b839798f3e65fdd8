import { text } from 'node:stream/consumers';
import type { INestApplicationContext } from '@nestjs/common';
import { type SeedOrganization, seedPlanSchema } from '@capsule/contracts';
import { Database, seedEach } from '@capsule/database';
import { Relay } from '@capsule/outbox';
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
  const { organizations } = seedPlanSchema.parse(JSON.parse(await text(process.stdin)));
  // The service that runs would publish the events at its next look, some seconds from now.
  context.get(Relay).start();
  const database = context.get(Database);
  const customers = context.get(CustomerService);
  const open = async ({ id, name, planCode, foundedAt, members: [owner] }: SeedOrganization) => {
    const customer = { name, email: owner.email, createdAt: new Date(foundedAt), planCode };
    return database.withTenant(id, async (tx) => ((await customers.open(tx, customer)) ? 1 : 0));
  };
  return seedEach(organizations, print, open);
}
