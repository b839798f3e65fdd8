import { runService } from '@capsule/health';
import { RpcServer } from '@capsule/messaging';
import { config } from './config.js';
import { Workers } from './workers.js';

await runService({
  app: 'monitor',
  settings: config,
  // Loaded only when the settings are known to be good: the module reads them as it is defined.
  module: async () => (await import('./app.module.js')).AppModule,
  strategy: RpcServer,
  background: (app) => app.get(Workers).start(),
});
