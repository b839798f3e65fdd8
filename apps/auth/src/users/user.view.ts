import type { ResponseOf, userGetCurrent } from '@capsule/contracts';
import type { Organization } from '../organizations/organization.entity.js';
import type { User } from './user.entity.js';

type Current = ResponseOf<typeof userGetCurrent>;

/** Field by field: what is added to an entity does not leave the service by itself. */
export function userView({ id, email, name, createdAt }: User): Current['user'] {
  return { id, email, name, createdAt: createdAt.toISOString() };
}

export function organizationView({ id, name, slug, createdAt }: Organization): Current['organization'] {
  return { id, name, slug, createdAt: createdAt.toISOString() };
}
