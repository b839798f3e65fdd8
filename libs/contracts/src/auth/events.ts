import { z } from 'zod';
import { event } from '../event.js';
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
