import { randomUUID } from 'node:crypto';
import type { RequestInputOf, ResponseOf, Role, RpcContract } from '@capsule/contracts';
import type { RpcClient } from '@capsule/messaging';
import { runInContext } from '@capsule/telemetry';
import { failingAsDocumented, type TestIssuer } from '@capsule/testing';

interface CallOptions {
  role?: Role;
  idempotencyKey?: string;
  /** Instead of a fresh one. */
  accessToken?: string;
}

/** An organization and a way to speak for its members, as the gateway does. */
export class Organization {
  readonly userId = randomUUID();

  constructor(
    readonly tenantId: string,
    readonly slug: string,
    private readonly client: RpcClient,
    private readonly issuer: TestIssuer,
  ) {}

  async call<C extends RpcContract>(
    contract: C,
    request: RequestInputOf<C>,
    { role = 'owner', ...options }: CallOptions = {},
  ): Promise<ResponseOf<C>> {
    const context = await this.issuer.admit({
      requestId: randomUUID(),
      tenantId: this.tenantId,
      actor: { type: 'user', id: this.userId, role },
      ...options,
    });
    return runInContext(context, () => failingAsDocumented(contract, this.client.call(contract, request)));
  }
}
