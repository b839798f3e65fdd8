import type { INestApplication } from '@nestjs/common';
import { RpcServer } from './rpc-server.js';

/** Starts answering requests. Call it after `app.init()`, when everything a handler needs is up. */
export async function startRpc(app: INestApplication): Promise<void> {
  app.connectMicroservice({ strategy: app.get(RpcServer) });
  await app.startAllMicroservices();
}
