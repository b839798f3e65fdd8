import { isRole, rolePermissions, type RpcContract } from '@capsule/contracts';
import { DomainError } from '@capsule/errors';
import type { RequestContext } from '@capsule/telemetry';

/**
 * A user needs the contract's permission through the role; a service or the system acts on its own behalf and is
 * held back by NATS, which lets only the contract's callers publish.
 * @throws DomainError auth.token.missing without tenant or actor, platform.permission.denied
 */
export function checkAccess(contract: RpcContract, context: RequestContext): void {
  if (contract.tenancy === 'tenant' && !context.tenantId) throw new DomainError('auth.token.missing');
  if (!contract.permission) return;
  const actor = context.actor;
  if (!actor) throw new DomainError('auth.token.missing');
  if (actor.type !== 'user') return;
  if (!isRole(actor.role) || !rolePermissions(actor.role).has(contract.permission)) {
    throw new DomainError('platform.permission.denied');
  }
}
