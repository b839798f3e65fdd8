import { Injectable } from '@nestjs/common';
import type { RequestInputOf, ResponseOf, RpcContract } from '@capsule/contracts';
import { decodeRpcError, DomainError } from '@capsule/errors';
import { currentContext, inSpan, rpcClientSeconds } from '@capsule/telemetry';
import { NatsConnection } from './nats-connection.js';
import { toHeaders } from './request-headers.js';
import type { ResponsePacket } from './rpc-wire.js';

interface CallOptions {
  /** Instead of the contract's; a deadline of the surrounding request shortens either. */
  timeoutMs?: number;
}

/** Calls other services. The service behind the contract validates, so a request is not parsed twice. */
@Injectable()
export class RpcClient {
  private readonly seconds = rpcClientSeconds();
  private calls = 0;

  constructor(private readonly connection: NatsConnection) {}

  /**
   * @throws DomainError what the service threw; platform.upstream.timeout when the deadline passes,
   * platform.upstream.unavailable when no instance serves the subject or NATS is away (both at once, not after the
   * timeout), platform.request.too_large when the request exceeds a NATS message. Error when the contract does not
   * name this process as a caller.
   */
  async call<C extends RpcContract>(
    contract: C,
    request: RequestInputOf<C>,
    options?: CallOptions,
  ): Promise<ResponseOf<C>> {
    const startedAt = performance.now();
    let outcome = 'ok';
    try {
      const attributes = { 'rpc.system': 'nats', 'rpc.method': contract.subject };
      return await inSpan(
        contract.subject,
        attributes,
        () => this.exchange(contract, request, options),
        'client',
      );
    } catch (error) {
      outcome = error instanceof DomainError ? error.code : 'platform.request.internal';
      throw error;
    } finally {
      this.seconds.observe({ subject: contract.subject, outcome }, (performance.now() - startedAt) / 1000);
    }
  }

  private async exchange<C extends RpcContract>(
    contract: C,
    request: RequestInputOf<C>,
    options: CallOptions | undefined,
  ): Promise<ResponseOf<C>> {
    const { connection } = this;
    if (!contract.callers.some((caller) => caller === connection.user)) {
      throw new Error(`${contract.subject} does not name ${connection.user} as a caller`);
    }
    const now = Date.now();
    const context = currentContext();
    const deadlineAt = Math.min(
      now + (options?.timeoutMs ?? contract.timeoutMs),
      context?.deadlineAt ?? Infinity,
    );
    if (deadlineAt <= now) throw new DomainError('platform.upstream.timeout');
    if (!connection.connected)
      throw new DomainError('platform.upstream.unavailable', { retryAfterSeconds: 1 });
    const packet = JSON.stringify({
      pattern: contract.subject,
      data: request,
      id: String((this.calls += 1)),
    });
    const headers = toHeaders(contract, context, deadlineAt);
    const message = await connection.requests.request(contract.subject, packet, headers, deadlineAt - now);
    const answer = JSON.parse(message.string()) as ResponsePacket;
    if ('err' in answer) throw decodeRpcError(answer.err);
    return answer.response as ResponseOf<C>;
  }
}
