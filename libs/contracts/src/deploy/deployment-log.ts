import { z } from 'zod';
import { deploymentIdSchema } from '../ids.js';
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
    deploymentId: deploymentIdSchema,
    offset: z.coerce
      .number()
      .int()
      .nonnegative()
      .default(0)
      .describe('Where to begin, in bytes from the start of the log.'),
    waitMs: z.coerce.number().int().min(0).max(LOG_WAIT_MS_MAX).default(0),
  }),
  response: z
    .object({
      text: z.string().describe('Whole lines.'),
      startOffset: z
        .int()
        .describe(
          'Offset of the first byte of `text`; later than asked for when what was before has been deleted.',
        ),
      nextOffset: z.int().describe('Offset of the byte behind `text`, to go on from.'),
      ended: z.boolean().describe('Whether the deployment has ended and nothing follows.'),
    })
    .describe('A part of the log of a deployment; offsets count bytes and never change.'),
  callers: ['gateway'],
  timeoutMs: LOG_WAIT_MS_MAX + 5_000,
  tenancy: 'tenant',
  permission: 'deployments:read',
});
