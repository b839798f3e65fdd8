/**
 * The life of every Capsule process.
 *
 *   starting   modules are built and connected; then HTTP listens; then the RPC strategy subscribes
 *   serving    readiness tells the state of the dependencies
 *   draining   SIGTERM or SIGINT came: readiness fails at once, and for `drainDelayMs` nothing else changes, so that whoever
 *              balances over this process stops sending before anything stops being answered
 *   closing    Nest's hooks in their order: onModuleDestroy and beforeApplicationShutdown stop what pulls (RPC subscriptions,
 *              consumers, relay) and wait for what runs; then HTTP refuses connections and waits for requests in flight; then
 *              onApplicationShutdown closes connections. A pool or connection must therefore be closed in
 *              onApplicationShutdown and nowhere earlier. What is not done SHUTDOWN_GRACE_SECONDS after the signal is cut off.
 *
 * Whatever fails before `serving` is one line on stderr and exit code 1. An error nobody caught ends the process: its state
 * can't be known, and everything it did is resumed from the database by whoever comes next.
 */
import type { HttpSettings, LogSettings, OperationsSettings, TraceSettings } from '@capsule/config';
import {
  CapsuleLogger,
  collectProcessMetrics,
  createLogger,
  type Logger,
  startTracing,
} from '@capsule/telemetry';
import type { Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { CustomTransportStrategy } from '@nestjs/microservices';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { describeFailure } from './failure.js';
import { observeRequests, releaseConnections } from './http-hooks.js';
import { guardOperatorRoutes } from './operator-routes.js';
import { ShutdownState } from './shutdown-state.js';
import { stopOnSignals } from './stop.js';

export interface ServiceSettings {
  http: HttpSettings;
  operations: OperationsSettings;
  log: LogSettings;
  traces: TraceSettings;
}

export interface ServiceOptions {
  app: string;
  /** Called first, so that a faulty environment is reported like any other failure to start. */
  settings: () => ServiceSettings;
  /** Loads the root module, which may read the settings as it is defined; it imports HealthModule.forApp. */
  module: () => Promise<Type<unknown>>;
  /** Provider of the module that serves RPCs. */
  strategy?: Type<CustomTransportStrategy>;
  fastify?: ConstructorParameters<typeof FastifyAdapter>[0];
  /** Runs when the modules are built and nothing listens yet: the place to register routes and hooks of Fastify. */
  prepare?: (app: NestFastifyApplication) => void | Promise<void>;
  /** Runs when requests are served: the place to start background work, which a command of the service never starts. */
  background?: (app: NestFastifyApplication) => void | Promise<void>;
}

export async function runService(options: ServiceOptions): Promise<void> {
  let logger: Logger | undefined;
  try {
    const settings = options.settings();
    logger = createLogger({ app: options.app, ...settings.log });
    endOnUncaughtError(logger);
    await start(options, settings, logger);
  } catch (error) {
    process.stderr.write(`capsule ${options.app} could not start: ${describeFailure(error)}\n`);
    logger?.debug({ err: error }, 'could not start');
    process.exit(1);
  }
}

async function start(options: ServiceOptions, settings: ServiceSettings, logger: Logger): Promise<void> {
  collectProcessMetrics();
  const tracing = await startTracing({ app: options.app, otlpEndpoint: settings.traces.otlpEndpoint });
  // Fastify would answer what arrives on a kept-alive connection during close() by 503; it is answered properly instead.
  const adapter = new FastifyAdapter({
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    // Requests are checked by the schemas of the contracts; Fastify's own compilers would be loaded for nothing.
    schemaController: { compilersFactory: { buildValidator: noCompiler, buildSerializer: noCompiler } },
    ...options.fastify,
  });
  const app = await NestFactory.create<NestFastifyApplication>(await options.module(), adapter, {
    logger: new CapsuleLogger(logger),
    abortOnError: false,
    bodyParser: false,
  });
  const state = app.get(ShutdownState);
  const fastify = app.getHttpAdapter().getInstance();
  observeRequests(fastify);
  releaseConnections(fastify, state);
  guardOperatorRoutes(fastify, settings.operations);
  await options.prepare?.(app);
  await app.init();
  await app.listen(settings.http.port, settings.http.host);
  stopOnSignals({ app, state, tracing, logger, http: settings.http });
  if (options.strategy) {
    app.connectMicroservice({ strategy: app.get(options.strategy) });
    await app.startAllMicroservices();
  }
  await options.background?.(app);
  state.serving();
  logger.info(
    {
      url: `http://${settings.http.host}:${settings.http.port}`,
      startedInMs: Math.round(performance.now()),
      residentBytes: process.memoryUsage.rss(),
    },
    'Started',
  );
}

function noCompiler(): never {
  throw new Error('No route has a schema of its own.');
}

function endOnUncaughtError(logger: Logger): void {
  process.on('uncaughtException', (error: unknown) => {
    logger.fatal({ err: error }, 'Ending on an error that nobody caught');
    process.exit(1);
  });
}
