import { z } from 'zod';
import { rpc } from '../rpc.js';

/** A JWK Set (RFC 7517 §5) of RSA signing keys; public members only. */
export const keySetSchema = z.object({
  keys: z.array(
    z.object({
      kty: z.literal('RSA'),
      use: z.literal('sig'),
      alg: z.literal('RS256'),
      kid: z.string(),
      n: z.string(),
      e: z.string(),
    }),
  ),
});

export const keySetGet = rpc({
  service: 'auth',
  entity: 'key-set',
  verb: 'get',
  request: z.strictObject({}),
  response: keySetSchema,
  callers: ['gateway'],
  tenancy: 'none',
});
