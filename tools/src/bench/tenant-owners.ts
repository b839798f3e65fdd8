import { randomUUID } from 'node:crypto';
import { authEnvironment, loadEnvironment } from '@capsule/config';
import { TokenSigner } from '@capsule/security';
import { type RequestContext, runInContext } from '@capsule/telemetry';
import type { PrivatePlatform } from '../supervisor/private-platform.js';

/** Somebody for each of some tenants who may see everything of it, with a token signed before anything is measured. */
export class TenantOwners {
  private constructor(private readonly contexts: ReadonlyMap<string, RequestContext>) {}

  static async of(tenants: Iterable<string>, { source }: PrivatePlatform): Promise<TenantOwners> {
    const signer = await TokenSigner.create(loadEnvironment(authEnvironment, source).token);
    const contexts = new Map<string, RequestContext>();
    for (const tenantId of tenants) {
      const [userId, sessionId, role] = [randomUUID(), randomUUID(), 'owner'] as const;
      const { token: accessToken } = await signer.sign({ tenantId, userId, sessionId, role });
      const actor = { type: 'user', id: userId, role } as const;
      contexts.set(tenantId, { requestId: randomUUID(), tenantId, actor, accessToken });
    }
    return new TenantOwners(contexts);
  }

  /** Runs work as the owner of one of the tenants. */
  as<T>(tenantId: string, work: () => Promise<T>): Promise<T> {
    const context = this.contexts.get(tenantId);
    if (!context) throw new Error(`there is no owner of ${tenantId}`);
    return runInContext(context, work);
  }
}
