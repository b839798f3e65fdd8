import type { INestApplicationContext } from '@nestjs/common';
import { Database, seedEach } from '@capsule/database';
import { beginSeed } from '@capsule/outbox';
import { OrganizationService } from '../organizations/organization.service.js';
import { PasswordHasher } from '../passwords/password-hasher.js';
import { UserService } from '../users/user.service.js';
import { AccountSeed } from './account-seed.js';

/** Founds the organizations of the plan on standard input, with their members. */
export async function seedCommand(
  context: INestApplicationContext,
  print: (line: string) => void,
): Promise<number> {
  const { password, organizations } = await beginSeed(context);
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
