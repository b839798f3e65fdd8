import { z } from 'zod';
import { event } from '../event.js';
import { idSchema } from '../primitives.js';
import { entitlementsSchema } from './entitlements.js';

/** Carries the whole state and a version that only grows, so that an older one arriving late is ignored. */
export const entitlementsChanged = event({
  service: 'billing',
  entity: 'entitlements',
  action: 'changed',
  data: z.object({
    organizationId: idSchema,
    planCode: z.string(),
    version: z.int().positive(),
    entitlements: entitlementsSchema,
  }),
  consumers: ['deploy', 'monitor'],
});
