import { runService } from '@capsule/health';
import { config } from './config.js';
import { fastifyOptions } from './http/fastify-options.js';
import { prepareHttp } from './http/prepare-http.js';

await runService({
  app: 'gateway',
  settings: config,
  module: async () => (await import('./app.module.js')).AppModule,
  // Read when the settings are known to be good.
  get fastify() {
    return fastifyOptions(config());
  },
  prepare: prepareHttp,
});
