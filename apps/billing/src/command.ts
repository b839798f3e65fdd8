/**
 * `node --env-file=.env apps/billing/dist/command.js dead-letters|drift|seed …`: see libs/outbox for the first,
 * libs/database for the second, and seed/ for the last.
 */
import { driftCommand, EntityDrift } from '@capsule/database';
import { runCommand } from '@capsule/health';
import { deadLetterCommand, DeadLetters } from '@capsule/outbox';

await runCommand({
  app: 'billing',
  module: async (command) =>
    command === 'drift'
      ? (await import('./database-module.js')).databaseModule
      : (await import('./app.module.js')).AppModule,
  commands: {
    'dead-letters': (context, words, print) => deadLetterCommand(context.get(DeadLetters), words, print),
    drift: (context, _, print) => driftCommand(context.get(EntityDrift), print),
    seed: async (context, _, print) => (await import('./seed/seed.command.js')).seedCommand(context, print),
  },
});
