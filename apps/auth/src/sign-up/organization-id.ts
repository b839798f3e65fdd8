import { namedUuid, uuidv7 } from '@capsule/database';

/**
 * The id of an organization that is about to be founded. With an Idempotency-Key it follows from key and e-mail, so
 * that the request sent again enters the same tenant, where the first one left its trace. Being able to guess such an
 * id helps nobody: what is in a tenant is shown to its members only.
 */
export function organizationId(email: string, idempotencyKey: string | undefined): string {
  return idempotencyKey === undefined ? uuidv7() : namedUuid(idempotencyKey, email.toLowerCase());
}
