import { z } from 'zod';
import { event } from '../event.js';
import { idSchema, instantSchema } from '../primitives.js';
import { deploymentFailureSchema } from './deployment.js';

export const appCreated = event({
  service: 'deploy',
  entity: 'app',
  action: 'created',
  data: z.object({
    appId: idSchema,
    projectId: idSchema,
    name: z.string(),
    host: z.string(),
    createdAt: instantSchema,
  }),
  consumers: ['monitor'],
});

const deploymentData = z.object({
  deploymentId: idSchema,
  appId: idSchema,
  projectId: idSchema,
  occurredAt: instantSchema,
});

export const deploymentCreated = event({
  service: 'deploy',
  entity: 'deployment',
  action: 'created',
  data: deploymentData,
  consumers: ['monitor'],
});

export const deploymentWentLive = event({
  service: 'deploy',
  entity: 'deployment',
  action: 'went-live',
  data: deploymentData,
  consumers: ['billing', 'monitor'],
});

export const deploymentFailed = event({
  service: 'deploy',
  entity: 'deployment',
  action: 'failed',
  data: deploymentData.extend({ failure: deploymentFailureSchema }),
  consumers: ['monitor'],
});

/** It was replaced by a newer one, taken out of service, or canceled before it went live. */
export const deploymentEnded = event({
  service: 'deploy',
  entity: 'deployment',
  action: 'ended',
  data: deploymentData.extend({ state: z.enum(['superseded', 'deactivated', 'canceled']) }),
  consumers: ['monitor'],
});

/** What one look at the running instances of an organization saw. */
export const instancesSampled = event({
  service: 'deploy',
  entity: 'instances',
  action: 'sampled',
  kind: 'measurement',
  data: z.object({
    sampledAt: instantSchema,
    samples: z
      .array(
        z.object({
          appId: idSchema,
          deploymentId: idSchema,
          instanceId: idSchema,
          /** CPU seconds since the instance started: a counter that only grows within an instance. */
          cpuSecondsTotal: z.number().nonnegative(),
          /** Resident bytes at the time of the sample. */
          memoryBytes: z.int().nonnegative(),
        }),
      )
      .max(500),
  }),
  consumers: ['monitor'],
});
