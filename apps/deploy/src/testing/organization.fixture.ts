import { randomUUID } from 'node:crypto';
import type { RequestInputOf, ResponseOf, Role, RpcContract } from '@capsule/contracts';
import type { RpcClient } from '@capsule/messaging';
import { runInContext } from '@capsule/telemetry';

interface CallOptions {
  role?: Role;
  idempotencyKey?: string;
}

/** An organization and a way to speak for its members, as the gateway does. */
export class Organization {
  constructor(
    readonly tenantId: string,
    readonly slug: string,
    private readonly client: RpcClient,
  ) {}

  call<C extends RpcContract>(
    contract: C,
    request: RequestInputOf<C>,
    { role = 'owner', idempotencyKey }: CallOptions = {},
  ): Promise<ResponseOf<C>> {
    const context = {
      requestId: randomUUID(),
      tenantId: this.tenantId,
      actor: { type: 'user', id: randomUUID(), role },
      idempotencyKey,
    } as const;
    return runInContext(context, () => this.client.call(contract, request));
  }
}
