import type { ErrorEntry } from './kind.js';

export const authErrors = {
  'auth.token.missing': {
    kind: 'unauthenticated',
    title: 'An access token is required',
    when: 'The route needs `Authorization: Bearer <token>` and there was none.',
    remedy: 'Sign in and send the access token.',
  },
  'auth.token.invalid': {
    kind: 'unauthenticated',
    title: 'The access token is not valid',
    when: 'The token is malformed, altered, of another issuer or audience, or signed with an unknown key.',
    remedy: 'Sign in again.',
  },
  'auth.token.expired': {
    kind: 'unauthenticated',
    title: 'The access token has expired',
    when: 'Access tokens live for 15 minutes unless configured otherwise.',
    remedy: 'Exchange the refresh token at `POST /v1/auth/refresh`.',
  },
  'auth.credentials.invalid': {
    kind: 'unauthenticated',
    title: 'E-mail or password is wrong',
    when: 'The pair is not known. The answer is the same whether the account exists or not.',
    remedy: 'Check both and sign in again.',
  },
  'auth.refresh_token.invalid': {
    kind: 'unauthenticated',
    title: 'The refresh token is not valid',
    when: 'It is unknown, expired, revoked, or was used before. A reuse ends every session of its family.',
    remedy: 'Sign in again.',
  },
  'auth.user.email_taken': {
    kind: 'conflict',
    title: 'There is already an account with this e-mail',
    when: 'The e-mail, compared without case, belongs to a user.',
    remedy: 'Sign in, or sign up with another address.',
  },
  'auth.user.not_found': {
    kind: 'not_found',
    title: 'There is no such user',
    when: 'The id is unknown in this organization.',
    remedy: 'Check the id.',
  },
  'auth.organization.not_found': {
    kind: 'not_found',
    title: 'There is no such organization',
    when: 'The id is unknown, or not yours.',
    remedy: 'Check the id.',
  },
} as const satisfies Record<string, ErrorEntry>;
