import { driftCommand, EntityDrift } from '@capsule/database';
import { runCommand } from '@capsule/health';
import { deadLetterCommand, DeadLetters } from '@capsule/outbox';
import { tenantCommand } from './tenant/tenant.command.js';
import { TenantModule } from './tenant/tenant.module.js';
import { TenantService } from './tenant/tenant.service.js';

/** The commands that need the service's own modules. */
export function serviceCommand(): Promise<void> {
  return runCommand({
    app: 'monitor',
    module: async (command) => {
      if (command !== 'drift' && command !== 'tenant') return (await import('./app.module.js')).AppModule;
      // These answer while nothing but the database runs.
      const { databaseModule } = await import('./database-module.js');
      return command === 'drift' ? databaseModule : { module: TenantModule, imports: [databaseModule] };
    },
    commands: {
      'dead-letters': (context, words, print) => deadLetterCommand(context.get(DeadLetters), words, print),
      drift: (context, _, print) => driftCommand(context.get(EntityDrift), print),
      tenant: (context, words, print) => tenantCommand(context.get(TenantService), words, print),
      seed: async (context, _, print) => (await import('./seed/seed.command.js')).seedCommand(context, print),
    },
  });
}
