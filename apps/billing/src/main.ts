import { runService } from '@capsule/health';
import { RpcServer } from '@capsule/messaging';
import { OutboxWorkers } from '@capsule/outbox';
import { config } from './config.js';

await runService({
  app: 'billing',
  settings: config,
  // Loaded only when the settings are known to be good: the module reads them as it is defined.
  module: async () => (await import('./app.module.js')).AppModule,
  strategy: RpcServer,
  background: (app) => app.get(OutboxWorkers).start(),
});
