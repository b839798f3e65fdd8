import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { INestApplicationContext } from '@nestjs/common';
import { type SeedPlan, seedPlanSchema } from '@capsule/contracts';
import { Relay } from './relay.js';

/**
 * Where the command `seed` of every service begins: with the plan that `npm run db:seed` writes to its standard input.
 * From then on its events are published as they are written; the service that runs would do so at its next look, some
 * seconds later.
 */
export async function beginSeed(
  context: INestApplicationContext,
  input: Readable = process.stdin,
): Promise<SeedPlan> {
  const plan = seedPlanSchema.parse(JSON.parse(await text(input)));
  context.get(Relay).start();
  return plan;
}
