import { z } from 'zod';
import { roles } from '../permission.js';
import { displayNameSchema, idSchema, instantSchema } from '../primitives.js';
import { rpc } from '../rpc.js';
import { emailSchema, newPasswordSchema } from './credentials.js';
import { sessionTokensSchema } from './session.js';

export const userSchema = z.object({
  id: idSchema,
  email: z.string(),
  name: z.string(),
  createdAt: instantSchema,
});

export const organizationSchema = z.object({
  id: idSchema,
  name: z.string(),
  /** The organization's part of its apps' host names; unique. */
  slug: z.string(),
  createdAt: instantSchema,
});

const signedUpSchema = z.object({
  user: userSchema,
  organization: organizationSchema,
  role: z.enum(roles),
  ...sessionTokensSchema.shape,
});

export const userSignUp = rpc({
  service: 'auth',
  entity: 'user',
  verb: 'sign-up',
  request: z.strictObject({
    email: emailSchema,
    password: newPasswordSchema,
    name: displayNameSchema,
    organizationName: displayNameSchema,
  }),
  response: signedUpSchema,
  callers: ['gateway'],
  tenancy: 'none',
});

export const userGetCurrent = rpc({
  service: 'auth',
  entity: 'user',
  verb: 'get-current',
  request: z.strictObject({}),
  response: z.object({ user: userSchema, organization: organizationSchema, role: z.enum(roles) }),
  callers: ['gateway'],
  tenancy: 'tenant',
  permission: 'organization:read',
});
