import { runService } from '@capsule/health';
import { RpcServer } from '@capsule/messaging';
import { OutboxWorkers } from '@capsule/outbox';
import { config } from './config.js';

await runService({
  app: 'deploy',
  settings: config,
  // Loaded only when the settings are known to be good: the module reads them as it is defined.
  module: async () => (await import('./app.module.js')).AppModule,
  strategy: RpcServer,
  background: async (app) => {
    const { RolloutWorkers } = await import('./deployments/rollout/rollout-workers.js');
    const { InstanceSampler } = await import('./sampling/instance-sampler.js');
    app.get(OutboxWorkers).start();
    app.get(RolloutWorkers).start();
    app.get(InstanceSampler).start();
  },
});
