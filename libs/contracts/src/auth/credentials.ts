import { z } from 'zod';

/** At most the 254 characters an address can have in SMTP (RFC 5321 §4.5.3.1.3). */
export const emailSchema = z
  .string()
  .trim()
  .max(254)
  .pipe(z.email())
  .describe('E-mail address of the user; upper and lower case are the same.');

const MINIMUM_PASSWORD_CHARACTERS = 10;

/** No composition rules, only a length (NIST SP 800-63B §5.1.1.2). */
export const newPasswordSchema = z
  .string()
  .min(MINIMUM_PASSWORD_CHARACTERS)
  .max(1024)
  .describe('Password to sign in with; any characters will do.');
