import { Injectable, Logger } from '@nestjs/common';
import {
  type RequestInputOf,
  type ResponseOf,
  type RpcContract,
  type ServiceName,
  serviceNames,
} from '@capsule/contracts';
import { RpcClient } from '@capsule/messaging';
import { gauge } from '@capsule/telemetry';
import { CircuitBreaker } from './circuit-breaker.js';
import { RestartPatience } from './restart-patience.js';

const FAILURES_TO_OPEN = 5;
const OPEN_MS = 2_000;

interface Upstream {
  breaker: CircuitBreaker;
  patience: RestartPatience;
}

/** Calls the services, each behind a circuit breaker of its own; a restart of one is waited out. */
@Injectable()
export class Upstreams {
  private readonly logger = new Logger(Upstreams.name);
  private readonly open = gauge({
    name: 'capsule_gateway_circuit_open',
    help: '1 while the circuit breaker of a service is open',
    labelNames: ['service'],
  });
  private readonly upstreams = Object.fromEntries(
    serviceNames.map((service) => [
      service,
      { breaker: this.breakerOf(service), patience: new RestartPatience() },
    ]),
  ) as Record<ServiceName, Upstream>;

  constructor(private readonly rpc: RpcClient) {}

  /** @throws DomainError as RpcClient does, and platform.upstream.unavailable while the breaker is open */
  call<C extends RpcContract>(contract: C, request: RequestInputOf<C>): Promise<ResponseOf<C>> {
    const { breaker, patience } = this.upstreams[contract.service];
    return breaker.run(() => patience.run(contract, () => this.rpc.call(contract, request)));
  }

  private breakerOf(service: ServiceName): CircuitBreaker {
    this.open.set({ service }, 0);
    return new CircuitBreaker(service, {
      failures: FAILURES_TO_OPEN,
      openMs: OPEN_MS,
      onChange: (state) => {
        this.open.set({ service }, state === 'open' ? 1 : 0);
        this.logger.warn(`the circuit to ${service} is ${state}`);
      },
    });
  }
}
