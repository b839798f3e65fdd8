import type { ResponseOf, userGetCurrent } from '@capsule/contracts';
import type { Organization } from './organization.entity.js';

export type OrganizationView = ResponseOf<typeof userGetCurrent>['organization'];

/** Field by field: what is added to an entity does not leave the service by itself. */
export function organizationView({ id, name, slug, createdAt }: Organization): OrganizationView {
  return { id, name, slug, createdAt: createdAt.toISOString() };
}
