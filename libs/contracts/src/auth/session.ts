import { z } from 'zod';
import { rpc } from '../rpc.js';
import { emailSchema } from './credentials.js';

/** The token answer of RFC 6749 §5.1, in our spelling. */
export const sessionTokensSchema = z
  .object({
    accessToken: z
      .string()
      .describe('JWT to send as `Authorization: Bearer <token>`; names the user and the organization.'),
    tokenType: z.literal('Bearer').describe('How the access token is sent (RFC 6750).'),
    expiresInSeconds: z.int().describe('Seconds from now until the access token expires.'),
    refreshToken: z
      .string()
      .describe('Opaque token to exchange at `POST /v1/auth/refresh` for new tokens; works once.'),
  })
  .describe('The tokens of a session.');

export const sessionSignIn = rpc({
  service: 'auth',
  entity: 'session',
  verb: 'sign-in',
  request: z.strictObject({
    email: emailSchema,
    password: z.string().min(1).max(1024).describe('Password of the user.'),
  }),
  response: sessionTokensSchema,
  callers: ['gateway'],
  tenancy: 'none',
});

export const sessionRefresh = rpc({
  service: 'auth',
  entity: 'session',
  verb: 'refresh',
  request: z.strictObject({
    refreshToken: z.string().min(1).max(512).describe('The refresh token of the last answer with tokens.'),
  }),
  response: sessionTokensSchema,
  callers: ['gateway'],
  tenancy: 'none',
});
