/** A whole gateway on a port of its own, for specs; the services behind it are played by serve() in service.fixture.ts. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gatewayEnvironment, loadEnvironment, type NatsSettings } from '@capsule/config';
import type { Role } from '@capsule/contracts';
import { guardOperatorRoutes, observeRequests, ShutdownState } from '@capsule/health';
import type { TestIssuer } from '@capsule/testing';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { GatewaySettings } from './config.js';
import { GatewayModule } from './gateway.module.js';
import { fastifyOptions } from './http/fastify-options.js';
import { prepareHttp } from './http/prepare-http.js';

export const ada = {
  userId: '0192f0c1-7a10-7c3e-9b1d-5f2d1c0a9e02',
  tenantId: '0192f0c1-7a10-7c3e-9b1d-5f2d1c0a9e01',
  sessionId: '0192f0c1-7a10-7c3e-9b1d-5f2d1c0a9e08',
};

const OPERATOR_TOKEN = 'the-operator-token-of-specs';

export const operator = { authorization: `Bearer ${OPERATOR_TOKEN}` };

export interface TestGateway {
  url: string;
  app: NestFastifyApplication;
  storageFolder: string;
  /** Paths of all routes, in the router's spelling. */
  paths: Set<string>;
  close: () => Promise<void>;
}

interface GatewayOptions {
  nats: NatsSettings;
  /** Where the test servers are; `process.env` of the spec. */
  environment: Readonly<Record<string, string | undefined>>;
  variables?: Record<string, string>;
}

export async function startGateway({ nats, environment, variables }: GatewayOptions): Promise<TestGateway> {
  const storageFolder = await mkdtemp(join(tmpdir(), 'capsule-gateway-'));
  const settings: GatewaySettings = loadEnvironment(gatewayEnvironment, {
    REDIS_HOST: environment['REDIS_HOST'],
    REDIS_PORT: environment['REDIS_PORT'],
    REDIS_PASSWORD: environment['REDIS_PASSWORD'],
    NATS_URL: nats.url,
    GATEWAY_NATS_PASSWORD: nats.password,
    STORAGE_FOLDER: storageFolder,
    OPERATOR_TOKEN,
    // Specs of limits set their own; all others must not meet one.
    GATEWAY_LIMIT_PER_MINUTE: '1000000',
    GATEWAY_STRICT_LIMIT_PER_MINUTE: '1000000',
    ...variables,
  });
  const app = await NestFactory.create<NestFastifyApplication>(
    GatewayModule.forSettings(settings),
    new FastifyAdapter(fastifyOptions(settings)),
    { logger: false, abortOnError: false, bodyParser: false },
  );
  const instance = app.getHttpAdapter().getInstance();
  const paths = new Set<string>();
  instance.addHook('onRoute', ({ url }) => {
    paths.add(url);
  });
  // As runService does.
  observeRequests(instance);
  guardOperatorRoutes(instance, settings.operations);
  prepareHttp(app);
  await app.init();
  await app.listen(0, '127.0.0.1');
  app.get(ShutdownState).serving();
  const close = async (): Promise<void> => {
    await app.close();
    await rm(storageFolder, { recursive: true, force: true });
  };
  return { url: await app.getUrl(), app, storageFolder, paths, close };
}

export async function bearer(issuer: TestIssuer, role: Role = 'owner'): Promise<{ authorization: string }> {
  return { authorization: `Bearer ${await issuer.token({ ...ada, role })}` };
}
