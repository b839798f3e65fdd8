import { z } from 'zod';
import { event } from '../event.js';
import { roles } from '../permission.js';
import { idSchema, instantSchema } from '../primitives.js';

export const organizationCreated = event({
  service: 'auth',
  entity: 'organization',
  action: 'created',
  data: z.object({
    organizationId: idSchema,
    name: z.string(),
    slug: z.string(),
    ownerUserId: idSchema,
    ownerEmail: z.string(),
    createdAt: instantSchema,
  }),
  consumers: ['billing', 'deploy', 'monitor'],
});

/** Somebody became a member of an organization; its founder is the first. */
export const memberAdded = event({
  service: 'auth',
  entity: 'member',
  action: 'added',
  data: z.object({
    organizationId: idSchema,
    userId: idSchema,
    email: z.string(),
    name: z.string(),
    role: z.enum(roles),
    addedAt: instantSchema,
  }),
  consumers: ['monitor'],
});
