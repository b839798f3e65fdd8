import { z } from 'zod';
import { idSchema } from '../primitives.js';
import { rpc } from '../rpc.js';

/** Seconds that an upload may take: between the admission of its request and the deployment that is created of it. */
export const ARCHIVE_WRITE_SECONDS_MAX = 3_600;

/**
 * Asked before the first byte of an upload is stored, so that whatever lies in storage belongs to a row that names it:
 * to the upload until a deployment is created of it, then to the deployment. The id is new each time it is asked for,
 * also when a request is repeated: two uploads never write to the same object.
 */
export const archiveBegin = rpc({
  service: 'deploy',
  entity: 'archive',
  verb: 'begin',
  callers: ['gateway'],
  tenancy: 'tenant',
  request: z.strictObject({ appId: idSchema }),
  response: z.object({
    archiveId: idSchema,
    /** Where in storage the bytes go. */
    storageKey: z.string(),
    /** Nothing may be written later: after a time of grace what no deployment was created of is deleted. */
    writeWithinSeconds: z.int().positive(),
  }),
  permission: 'deployments:write',
});
