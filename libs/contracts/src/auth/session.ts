import { z } from 'zod';
import { rpc } from '../rpc.js';
import { emailSchema } from './credentials.js';

/** The token answer of RFC 6749 §5.1, in our spelling. */
export const sessionTokensSchema = z.object({
  accessToken: z.string(),
  tokenType: z.literal('Bearer'),
  expiresInSeconds: z.int(),
  refreshToken: z.string(),
});

export const sessionSignIn = rpc({
  service: 'auth',
  entity: 'session',
  verb: 'sign-in',
  request: z.strictObject({ email: emailSchema, password: z.string().min(1).max(1024) }),
  response: sessionTokensSchema,
  callers: ['gateway'],
  tenancy: 'none',
});

export const sessionRefresh = rpc({
  service: 'auth',
  entity: 'session',
  verb: 'refresh',
  request: z.strictObject({ refreshToken: z.string().min(1).max(512) }),
  response: sessionTokensSchema,
  callers: ['gateway'],
  tenancy: 'none',
});
