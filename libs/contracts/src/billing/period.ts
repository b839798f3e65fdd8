import { instantSchema } from '../primitives.js';

export const periodStartSchema = instantSchema.describe(
  'Start of the running billing period; belongs to it.',
);
export const periodEndSchema = instantSchema.describe(
  'End of the running billing period, a month after its start; belongs to the next one.',
);
