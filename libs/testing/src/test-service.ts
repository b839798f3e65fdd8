import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import type { INestApplication, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import {
  authEnvironment,
  billingEnvironment,
  deployEnvironment,
  type Generated,
  listVariables,
  monitorEnvironment,
} from '@capsule/config';
import type { EventContract, RequestInputOf, ResponseOf, RpcContract, ServiceName } from '@capsule/contracts';
import { uuidv7 } from '@capsule/database';
import { EventPublisher, NatsConnection, RpcClient, RpcServer } from '@capsule/messaging';
import { OutboxWorkers } from '@capsule/outbox';
import { type RequestContext, runInContext } from '@capsule/telemetry';
import type { z } from 'zod';
import type { TestDatabase } from './database.js';
import { failingAsDocumented } from './documented-errors.js';
import type { TestNats } from './nats.js';
import { TestIssuer } from './test-issuer.js';

export interface TestServiceOptions {
  service: ServiceName;
  /** Loaded when the environment is set: an app's module reads its settings as it is defined. */
  module: () => Promise<Type<unknown>>;
  database: TestDatabase;
  nats: TestNats;
  /** Variables beside those of database and NATS. */
  environment?: Record<string, string>;
}

/** A service in this process, as it runs in production but for HTTP, and a caller that speaks to it over NATS. */
export class TestService {
  private constructor(
    readonly app: INestApplication,
    private readonly connection: NatsConnection,
    private readonly client: RpcClient,
    private readonly nats: TestNats,
    readonly issuer: TestIssuer,
  ) {}

  static async start({
    service,
    module,
    database,
    nats,
    environment,
  }: TestServiceOptions): Promise<TestService> {
    const issuer = await TestIssuer.create();
    // Auth answers for its keys itself.
    if (service !== 'auth') await issuer.answerForKeys(nats);
    const signing = { JWT_PRIVATE_KEY: issuer.privateKey };
    Object.assign(process.env, serviceEnvironment(service, database, nats), signing, environment);
    const app = await NestFactory.create(await module(), new FastifyAdapter(), {
      logger: ['error', 'fatal'],
      abortOnError: false,
    });
    app.connectMicroservice({ strategy: app.get(RpcServer) });
    await app.startAllMicroservices();
    await app.init();
    app.get(OutboxWorkers).start();
    const connection = await NatsConnection.open('gateway', nats.settings('gateway'));
    return new TestService(app, connection, new RpcClient(connection), nats, issuer);
  }

  /** As the gateway calls it; `context` is what the gateway would know of the caller, a token of whom goes with it. */
  async call<C extends RpcContract>(
    contract: C,
    request: RequestInputOf<C>,
    context: Partial<RequestContext> = {},
  ): Promise<ResponseOf<C>> {
    const admitted = await this.issuer.admit({ requestId: 'spec', ...context });
    return runInContext(admitted, () => failingAsDocumented(contract, this.client.call(contract, request)));
  }

  /**
   * Publishes an event as the service it is of. With the id of an earlier one it is that event delivered again: the
   * stream takes it, because its own message id differs.
   * @returns the event's id
   */
  async emit<C extends EventContract>(
    contract: C,
    data: z.input<C['data']>,
    { tenantId, id = uuidv7() }: { tenantId: string; id?: string },
  ): Promise<string> {
    const connection = await NatsConnection.open(contract.service, this.nats.settings(contract.service));
    try {
      await new EventPublisher(connection).publish(contract.type, randomUUID(), {
        specversion: '1.0',
        id,
        source: `capsule/${contract.service}`,
        type: contract.type,
        time: new Date().toISOString(),
        datacontenttype: 'application/json',
        tenantid: tenantId,
        data,
      });
      return id;
    } finally {
      await connection.close();
    }
  }

  async close(): Promise<void> {
    await this.connection.close();
    await this.app.close();
    await this.issuer.close();
  }
}

const environments = {
  auth: authEnvironment,
  billing: billingEnvironment,
  deploy: deployEnvironment,
  monitor: monitorEnvironment,
};

/** What leads a service's process to a database and a bus of one's own, with the secrets that `npm start` would make. */
export function serviceEnvironment(
  service: ServiceName,
  database: TestDatabase,
  nats: TestNats,
): Record<string, string> {
  const { url, password } = nats.settings(service);
  const prefix = service.toUpperCase();
  const secrets = listVariables(environments[service].variables).flatMap(({ variable, generated }) =>
    generated && !process.env[variable] ? [[variable, generate(generated)]] : [],
  );
  return {
    ...Object.fromEntries(secrets),
    ...database.environment,
    NATS_URL: url,
    [`${prefix}_NATS_PASSWORD`]: password,
  };
}

function generate(kind: Generated): string {
  if (kind !== 'rsa-private-key-file') return randomBytes(16).toString('hex');
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}
