import { text } from 'node:stream/consumers';
import type { INestApplicationContext } from '@nestjs/common';
import { seedPlanSchema } from '@capsule/contracts';
import { Database, seedEach } from '@capsule/database';
import { Relay } from '@capsule/outbox';
import { OrganizationService } from '../organizations/organization.service.js';
import { PasswordHasher } from '../passwords/password-hasher.js';
import { UserService } from '../users/user.service.js';
import { AccountSeed } from './account-seed.js';

/** Founds the organizations of the plan on standard input, with their members. */
export async function seedCommand(
  context: INestApplicationContext,
  print: (line: string) => void,
): Promise<number> {
  const { password, organizations } = seedPlanSchema.parse(JSON.parse(await text(process.stdin)));
  // The service that runs would publish the events at its next look, some seconds from now.
  context.get(Relay).start();
  if (password === undefined) throw new Error('The plan has no password for the demo users.');
  const accounts = new AccountSeed(
    context.get(Database),
    context.get(OrganizationService),
    context.get(UserService),
    // One hash for all of them: they share the password, and hundreds of users would take minutes.
    await context.get(PasswordHasher).hash(password),
  );
  return seedEach(organizations, print, (organization) => accounts.seed(organization));
}
