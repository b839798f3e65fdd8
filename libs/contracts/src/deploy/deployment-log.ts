import { z } from 'zod';
import { idSchema } from '../primitives.js';
import { rpc } from '../rpc.js';

/** The longest a read waits for new bytes before it answers with none. */
export const LOG_WAIT_MS_MAX = 15_000;
/** Bytes of log in one answer: well below the 1 MiB that a NATS message may hold, JSON escapes included. */
export const LOG_CHUNK_BYTES_MAX = 64 * 1024;

/**
 * Reads the log of a deployment (what its build and its instance wrote) from a byte offset. Offsets never change,
 * so a reader resumes where it stopped. Bytes before `startOffset` have been rotated away.
 */
export const deploymentLogRead = rpc({
  service: 'deploy',
  entity: 'deployment-log',
  verb: 'read',
  request: z.strictObject({
    deploymentId: idSchema,
    offset: z.coerce.number().int().nonnegative().default(0),
    waitMs: z.coerce.number().int().min(0).max(LOG_WAIT_MS_MAX).default(0),
  }),
  response: z.object({
    /** Whole lines, UTF-8. */
    text: z.string(),
    startOffset: z.int(),
    nextOffset: z.int(),
    /** True when the deployment has ended and nothing follows. */
    ended: z.boolean(),
  }),
  callers: ['gateway'],
  timeoutMs: LOG_WAIT_MS_MAX + 5_000,
  tenancy: 'tenant',
  permission: 'deployments:read',
});
