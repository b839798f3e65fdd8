import { randomInt } from 'node:crypto';

/** RFC 1035 §2.3.4. */
const LABEL_LENGTH_MAX = 63;
const SUFFIX_LENGTH = 5;
/** Without vowels no word forms by chance; without 0, 1 and l nothing is misread. */
const SUFFIX_ALPHABET = 'bcdfghjkmnpqrstvwxz23456789';

/** `<app>-<organization>`, one DNS label. Different pairs may give the same one: see `withSuffix`. */
export function hostLabel(appName: string, organizationSlug: string): string {
  return cut(`${appName}-${organizationSlug}`, LABEL_LENGTH_MAX);
}

/**
 * The same label with a short random end, for when it is taken. Slugs of organizations end alike in auth, on purpose
 * twice: what both could import is the contracts, and those are for browsers too, which have no node:crypto.
 */
export function withSuffix(label: string): string {
  const suffix = Array.from(
    { length: SUFFIX_LENGTH },
    () => SUFFIX_ALPHABET[randomInt(SUFFIX_ALPHABET.length)],
  );
  return `${cut(label, LABEL_LENGTH_MAX - SUFFIX_LENGTH - 1)}-${suffix.join('')}`;
}

function cut(label: string, length: number): string {
  return label.slice(0, length).replace(/-+$/, '');
}
