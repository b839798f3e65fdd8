import { z } from 'zod';
import { rpc } from '../rpc.js';

/** RFC 7517 §5; public members only. */
export const keySetSchema = z
  .object({
    keys: z
      .array(
        z.object({
          kty: z.literal('RSA').describe('Family of the key.'),
          use: z.literal('sig').describe('What the key is for: signatures.'),
          alg: z.literal('RS256').describe('Algorithm of the signatures.'),
          kid: z.string().describe('Id of the key, as the header of a token names it.'),
          n: z.string().describe('Modulus of the public key, in base64url.'),
          e: z.string().describe('Exponent of the public key, in base64url.'),
        }),
      )
      .describe('The keys that access tokens may be signed with.'),
  })
  .describe('JWK Set of the public keys of access tokens.');

export const keySetGet = rpc({
  service: 'auth',
  entity: 'key-set',
  verb: 'get',
  request: z.strictObject({}),
  response: keySetSchema,
  // Public keys: whoever verifies access tokens asks for them.
  callers: ['gateway', 'billing', 'deploy', 'monitor'],
  tenancy: 'none',
});
