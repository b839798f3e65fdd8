/**
 * Serves the contracts of one service over Nest's NATS transport.
 *
 * Nest's own server would parse headers, request and reply through rxjs and know nothing of contracts, so the
 * message handler is replaced; patterns, controllers, filters and injection stay Nest's. A request goes through
 *
 *   received -> addressed to us -> in time -> proved by its token -> permitted -> valid -> handled -> answered
 *
 * and every step that fails ends in an answer with a typed error. Invariants:
 *  - one queue group per service, so that each request is executed by one instance;
 *  - an answer goes to an inbox of a process the contract names as its caller and nowhere else, whatever reply
 *    subject the message carries: a caller can't have this service publish in its name;
 *  - tenant and actor of a request are those of the access token that came with it, whoever sent it;
 *  - what leaves has passed the contract's response schema, so no internal field slips out.
 *
 * Shutdown: subscriptions drain (NATS sends nothing new, what was delivered is still executed) and close() resolves
 * when the last answer is out. A crash loses the requests it was executing; their callers see a timeout.
 */
import { Injectable, Logger, Optional, type BeforeApplicationShutdown } from '@nestjs/common';
import { ServerNats, type MessageHandler } from '@nestjs/microservices';
import type { RpcContract } from '@capsule/contracts';
import { DomainError, encodeRpcError, logSeverity, toDomainError, validationError } from '@capsule/errors';
import { inSpan, rpcServerSeconds, runInContext, type RequestContext } from '@capsule/telemetry';
import type { Msg, NatsConnection as Connection, Subscription } from '@nats-io/transport-node';
import { firstValueFrom, isObservable } from 'rxjs';
import { CallerVerifier } from './caller-verifier.js';
import { inboxPrefixOf } from './nats-configuration.js';
import { NatsConnection } from './nats-connection.js';
import { fromHeaders, readAccessToken } from './request-headers.js';
import { checkPermission, needsToken } from './rpc-access.js';
import { readRequestPacket, type ResponsePacket } from './rpc-wire.js';

interface Route {
  contract: RpcContract;
  handler: MessageHandler;
  replyPrefixes: string[];
  /** Undefined for a contract that anybody may call. */
  verifier: CallerVerifier | undefined;
}

interface Received {
  context: RequestContext;
  token: string | undefined;
  data: unknown;
}

@Injectable()
export class RpcServer extends ServerNats implements BeforeApplicationShutdown {
  protected override readonly logger = new Logger(RpcServer.name);
  private readonly seconds = rpcServerSeconds();
  private served: Subscription[] = [];
  private inFlight = 0;
  private turn: Promise<void> | undefined;
  private whenIdle: (() => void) | undefined;
  private closing: Promise<void> | undefined;

  constructor(
    private readonly connection: NatsConnection,
    @Optional() private readonly verifier?: CallerVerifier,
  ) {
    super({});
  }

  /** The process's own connection: one socket, one NATS user, one place that reconnects. */
  override createNatsClient(): Promise<Connection> {
    return Promise.resolve(this.connection.nc);
  }

  /** NatsConnection watches and logs for everybody. */
  override handleStatusUpdates(): Promise<void> {
    return Promise.resolve();
  }

  /**
   * @throws Error when a controller's pattern was not declared by @Rpc, or when nobody could verify the callers of a
   * contract that needs it
   */
  override bindEvents(client: Connection): void {
    const routes = [...this.messageHandlers].map(([subject, handler]) => this.routeOf(subject, handler));
    this.served = routes.map((route) => {
      const { subject, service: queue } = route.contract;
      return client.subscribe(subject, {
        queue,
        callback: (error, message) => {
          if (error) this.logger.error(`cannot serve ${subject}: ${error.message}`);
          else void this.serve(route, message);
        },
      });
    });
    if (routes.some(({ verifier }) => verifier)) this.verifier?.prepare();
  }

  private routeOf(subject: string, handler: MessageHandler): Route {
    const contract = handler.extras?.['contract'] as RpcContract | undefined;
    if (!contract) throw new Error(`the handler of ${subject} is not declared by @Rpc(contract)`);
    const replyPrefixes = contract.callers.map((caller) => `${inboxPrefixOf(caller)}.`);
    if (!needsToken(contract)) return { contract, handler, replyPrefixes, verifier: undefined };
    if (!this.verifier) throw new Error(`nobody verifies the callers of ${subject}: import SecurityModule`);
    return { contract, handler, replyPrefixes, verifier: this.verifier };
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.close();
  }

  /** Takes nothing new and resolves when every request taken before is answered. */
  override close(): Promise<void> {
    this.closing ??= this.drain();
    return this.closing;
  }

  private async drain(): Promise<void> {
    if (this.connection.connected) await Promise.all(this.served.map((subscription) => subscription.drain()));
    if (this.inFlight > 0) await new Promise<void>((resolve) => (this.whenIdle = resolve));
    if (this.connection.connected) await this.connection.nc.flush();
  }

  private async serve(route: Route, message: Msg): Promise<void> {
    const { contract, replyPrefixes } = route;
    const reply = message.reply;
    if (!reply || !replyPrefixes.some((prefix) => reply.startsWith(prefix))) {
      this.logger.warn(`${contract.subject}: dropped a request whose reply subject is no caller's inbox`);
      return;
    }
    this.inFlight += 1;
    const startedAt = performance.now();
    let packet: ResponsePacket;
    let outcome = 'ok';
    let id = '';
    try {
      const context = fromHeaders(contract, message.headers);
      const request = readRequestPacket(message.string(), contract.subject);
      id = request.id;
      const received = { context, token: readAccessToken(message.headers), data: request.data };
      const response = await runInContext(context, () => this.traced(route, received));
      packet = { id, isDisposed: true, response };
    } catch (error) {
      outcome = toDomainError(error).code;
      const severity = logSeverity(error);
      if (severity) this.logger[severity](`${contract.subject} failed`, error);
      packet = { id, isDisposed: true, err: encodeRpcError(error) };
    }
    await this.endOfTurn();
    this.respond(message, packet);
    this.seconds.observe({ subject: contract.subject, outcome }, (performance.now() - startedAt) / 1000);
    this.inFlight -= 1;
    if (this.inFlight === 0) this.whenIdle?.();
  }

  /** Answers of one turn of the event loop travel together: being written and read is what each mostly costs. */
  private endOfTurn(): Promise<void> {
    this.turn ??= new Promise((resolve) =>
      setImmediate(() => {
        this.turn = undefined;
        resolve();
      }),
    );
    return this.turn;
  }

  private traced(route: Route, received: Received): Promise<unknown> {
    const { subject } = route.contract;
    const attributes = { 'rpc.system': 'nats', 'rpc.method': subject };
    return inSpan(subject, attributes, () => this.answer(route, received), 'server');
  }

  private async answer(
    { contract, handler, verifier }: Route,
    { context, token, data }: Received,
  ): Promise<unknown> {
    requireInTime(context);
    const verifying = verifier?.verify(context, token);
    if (verifying) {
      await verifying;
      requireInTime(context);
    }
    checkPermission(contract, context.actor);
    const request = contract.request.safeParse(data);
    if (!request.success) throw validationError(request.error);
    const produced: unknown = await handler(request.data);
    const result: unknown = isObservable(produced) ? await firstValueFrom(produced) : produced;
    return contract.response.parse(result);
  }

  private respond(message: Msg, packet: ResponsePacket): void {
    try {
      message.respond(JSON.stringify(packet));
    } catch (error) {
      // An answer above the size of a NATS message, or a connection that just closed.
      this.logger.error(error);
      const err = encodeRpcError(new DomainError('platform.request.internal', { cause: error }));
      if (this.connection.connected)
        message.respond(JSON.stringify({ id: packet.id, isDisposed: true, err }));
    }
  }
}

function requireInTime({ deadlineAt }: RequestContext): void {
  if (deadlineAt !== undefined && Date.now() >= deadlineAt)
    throw new DomainError('platform.upstream.timeout');
}
