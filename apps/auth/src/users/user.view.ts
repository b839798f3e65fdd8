import type { ResponseOf, userGetCurrent } from '@capsule/contracts';
import type { User } from './user.entity.js';

export type UserView = ResponseOf<typeof userGetCurrent>['user'];

/** Field by field: what is added to an entity does not leave the service by itself. */
export function userView({ id, email, name, createdAt }: User): UserView {
  return { id, email, name, createdAt: createdAt.toISOString() };
}
