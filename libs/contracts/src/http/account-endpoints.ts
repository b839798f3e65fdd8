import { keySetGet } from '../auth/key-set.js';
import { sessionRefresh, sessionSignIn } from '../auth/session.js';
import { userGetCurrent, userSignUp } from '../auth/user.js';
import { endpoint } from './endpoint.js';

const tag = 'Accounts';
const EXAMPLE_PASSWORD = 'correct horse battery';

export const accountEndpoints = [
  endpoint('POST /v1/auth/sign-up', {
    tag,
    summary: 'Create a user and an organization',
    description: 'The user owns the organization, and the answer holds the tokens of a first session.',
    security: 'public',
    limit: 'strict',
    status: 201,
    rpc: userSignUp,
    example: {
      email: 'ada@example.com',
      password: EXAMPLE_PASSWORD,
      name: 'Ada Lovelace',
      organizationName: 'Acme',
    },
    errors: ['auth.user.email_taken'],
  }),
  endpoint('POST /v1/auth/sign-in', {
    tag,
    summary: 'Start a session',
    security: 'public',
    limit: 'strict',
    status: 200,
    idempotency: 'none',
    rpc: sessionSignIn,
    example: { email: 'ada@example.com', password: EXAMPLE_PASSWORD },
    errors: ['auth.credentials.invalid'],
  }),
  endpoint('POST /v1/auth/refresh', {
    tag,
    summary: 'Exchange a refresh token',
    description:
      'The answer holds the next refresh token. One that is used again ends its session, unless it comes again at once because the answer was lost.',
    security: 'public',
    limit: 'strict',
    status: 200,
    idempotency: 'none',
    rpc: sessionRefresh,
    example: { refreshToken: 'the refresh token of the last answer' },
    errors: ['auth.refresh_token.invalid'],
  }),
  endpoint('GET /v1/auth/me', {
    tag,
    summary: 'Who the access token speaks for',
    security: 'bearer',
    status: 200,
    rpc: userGetCurrent,
    errors: ['auth.user.not_found', 'auth.organization.not_found'],
  }),
  endpoint('GET /.well-known/jwks.json', {
    tag,
    summary: 'Public keys of access tokens',
    description: 'May be kept for five minutes.',
    security: 'public',
    shared: true,
    status: 200,
    rpc: keySetGet,
  }),
];
