import { runService } from '@capsule/health';
import { RpcServer } from '@capsule/messaging';
import { OutboxWorkers } from '@capsule/outbox';
import { config } from './config.js';

await runService({
  app: 'auth',
  settings: config,
  // Loaded only when the settings are known to be good: the module reads them as it is defined.
  module: async () => (await import('./app.module.js')).AppModule,
  strategy: RpcServer,
  background: async (app) => {
    const { SessionPurge } = await import('./sessions/session-purge.js');
    app.get(OutboxWorkers).start();
    app.get(SessionPurge).start();
  },
});
