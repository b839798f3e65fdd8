import type { NatsSettings } from '@capsule/config';
import type { RequestOf, ResponseOf, RpcContract, ServiceName } from '@capsule/contracts';
import { MessagingModule, Rpc, RpcServer } from '@capsule/messaging';
import { SecurityModule } from '@capsule/security';
import { Controller, Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';

type Handler = (request: never) => unknown;

/** A contract and what answers it. */
export function answering<C extends RpcContract>(
  contract: C,
  handler: (request: RequestOf<C>) => ResponseOf<C> | Promise<ResponseOf<C>>,
): [RpcContract, Handler] {
  return [contract, handler];
}

/** A service on the real bus, by the real RPC server, with the given handlers. Close it to take the service away. */
export async function serve(
  service: ServiceName,
  nats: NatsSettings,
  handlers: [RpcContract, Handler][],
): Promise<NestFastifyApplication> {
  @Module({
    imports: [
      MessagingModule.forApp({ app: service, nats }),
      SecurityModule.forService({ issuer: 'capsule', audience: 'capsule-api' }),
    ],
    controllers: [controllerOf(handlers)],
  })
  class ServiceModule {}

  const app = await NestFactory.create<NestFastifyApplication>(ServiceModule, new FastifyAdapter(), {
    logger: false,
    abortOnError: false,
  });
  app.connectMicroservice({ strategy: app.get(RpcServer) });
  await app.init();
  await app.startAllMicroservices();
  return app;
}

function controllerOf(handlers: [RpcContract, Handler][]): Type<unknown> {
  @Controller()
  class Handlers {}

  for (const [contract, handler] of handlers) {
    const descriptor: PropertyDescriptor = { value: handler, writable: true, configurable: true };
    Object.defineProperty(Handlers.prototype, contract.subject, descriptor);
    Rpc(contract)(Handlers.prototype, contract.subject, descriptor);
  }
  return Handlers;
}
