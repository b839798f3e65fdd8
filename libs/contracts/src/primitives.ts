import { z } from 'zod';

export const idSchema = z.uuid();
/** RFC 3339 instant in UTC, as `Date.prototype.toISOString` writes it. */
export const instantSchema = z.iso.datetime();
/** An instant that a caller gives: in the years that what is reckoned from it can be written in, too. */
export const givenInstantSchema = instantSchema.refine((text) => text >= '1970' && text < '3000', {
  error: 'must be in the years from 1970 to 2999',
});
export const createdAtSchema = instantSchema.describe('When it was created.');
export const updatedAtSchema = instantSchema.describe('When it was last changed.');
/** Unlimited integers (money in minor units, byte counts) cross JSON as decimal strings when they may exceed 2^53. */
export const integerStringSchema = z
  .string()
  .regex(/^-?\d{1,30}$/, 'must be an integer written in decimal digits');
/** A non-negative decimal quantity with up to nine decimals, as a string so that no float rounds it. */
export const quantitySchema = z
  .string()
  .regex(/^\d{1,20}(\.\d{1,9})?$/, 'must be a non-negative decimal number');

/** ISO 4217 codes that plans are priced in. */
export const currencySchema = z
  .enum(['USD', 'EUR', 'GBP', 'BRL'])
  .describe('ISO 4217 code of the currency; its minor unit is a hundredth.');
export type Currency = z.infer<typeof currencySchema>;

/** What a person types as the name of an organization, project or user: printable, trimmed, not empty. */
export const displayNameSchema = z
  .string()
  .trim()
  .min(1)
  .max(100)
  .regex(
    /^[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]*$/u,
    'must not contain control characters or halves of characters',
  );

/** One DNS label (RFC 1035 §2.3.1), lower case. Shorter than the 63 allowed, so that a suffix still fits. */
export const labelSchema = z
  .string()
  .min(1)
  .max(40)
  .regex(/^[a-z]([a-z0-9-]*[a-z0-9])?$/, 'must start with a letter and hold only a-z, 0-9 and inner hyphens');
