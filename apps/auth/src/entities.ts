import { Membership } from './organizations/membership.entity.js';
import { Organization } from './organizations/organization.entity.js';
import { RefreshToken } from './sessions/refresh-token.entity.js';
import { Session } from './sessions/session.entity.js';
import { User } from './users/user.entity.js';

/** Every table of the service that its migrations beyond the platform's make. */
export const entities = [Membership, Organization, RefreshToken, Session, User];
