import { isRole, rolePermissions, type RpcContract } from '@capsule/contracts';
import { DomainError } from '@capsule/errors';
import type { Actor } from '@capsule/telemetry';

/** Whether it is for a tenant or of somebody's right: then it comes with the access token that proves both. */
export function needsToken({ tenancy, permission }: RpcContract): boolean {
  return tenancy === 'tenant' || permission !== undefined;
}

/**
 * @param actor as the token has proved it
 * @throws DomainError platform.permission.denied when the role lacks the contract's permission
 */
export function checkPermission({ permission }: RpcContract, actor: Actor | undefined): void {
  if (!permission) return;
  if (!isRole(actor?.role) || !rolePermissions(actor.role).has(permission)) {
    throw new DomainError('platform.permission.denied');
  }
}
