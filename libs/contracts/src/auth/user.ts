import { z } from 'zod';
import { roles } from '../permission.js';
import { organizationIdSchema, userIdSchema } from '../ids.js';
import { createdAtSchema, displayNameSchema } from '../primitives.js';
import { rpc } from '../rpc.js';
import { emailSchema, newPasswordSchema } from './credentials.js';
import { sessionTokensSchema } from './session.js';

export const userSchema = z
  .object({
    id: userIdSchema,
    email: z.string().describe('E-mail address that the user signs in with.'),
    name: z.string().describe('Name of the user, as entered at sign-up.'),
    createdAt: createdAtSchema,
  })
  .describe('A person who can sign in.');

export const organizationSchema = z
  .object({
    id: organizationIdSchema,
    name: z.string().describe('Name of the organization, as entered at sign-up.'),
    slug: z
      .string()
      .describe(
        'DNS label made from the name, unique on the platform; the host names of the apps end in it.',
      ),
    createdAt: createdAtSchema,
  })
  .describe('A team: its projects, apps and bills belong to it alone.');

const membershipShape = {
  user: userSchema,
  organization: organizationSchema,
  role: z.enum(roles).describe('What the user may do in the organization.'),
};

const signedUpSchema = z
  .object({ ...membershipShape, ...sessionTokensSchema.shape })
  .describe('The new user and organization, and the tokens of a first session.');

export const userSignUp = rpc({
  service: 'auth',
  entity: 'user',
  verb: 'sign-up',
  request: z.strictObject({
    email: emailSchema,
    password: newPasswordSchema,
    name: displayNameSchema.describe('Name of the user; control characters are refused.'),
    organizationName: displayNameSchema.describe('Name of the organization; control characters are refused.'),
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
  response: z.object(membershipShape).describe('Whom the access token speaks for.'),
  callers: ['gateway'],
  tenancy: 'tenant',
  permission: 'organization:read',
});
