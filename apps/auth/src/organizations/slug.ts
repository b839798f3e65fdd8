import { randomInt } from 'node:crypto';

/** With an app's name (at most 40) and a hyphen it still makes one DNS label of 63 (RFC 1035 §2.3.4). */
export const SLUG_LENGTH_MAX = 22;

const SUFFIX_LENGTH = 4;
/** Without vowels no word forms by chance; without 0, 1 and l nothing is misread. */
const SUFFIX_ALPHABET = 'bcdfghjkmnpqrstvwxz23456789';
const FALLBACK = 'org';

/** Letters that have no decomposition into a Latin base letter and a mark. */
const TRANSLITERATIONS: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  đ: 'd',
  ð: 'd',
  ł: 'l',
  þ: 'th',
  ı: 'i',
  ħ: 'h',
  ŋ: 'ng',
  '&': ' and ',
};

/** One DNS label out of a name: "Müller & Søn GmbH" becomes "muller-and-son-gmbh", a name without Latin letters "org". */
export function slugOf(name: string): string {
  const latin = name
    .normalize('NFKD')
    .replace(/[\p{M}'’]/gu, '')
    .toLowerCase()
    .replace(/[^\p{ASCII}]|&/gu, (letter) => TRANSLITERATIONS[letter] ?? '-');
  const label = trimHyphens(latin.replace(/[^a-z0-9]+/g, '-'));
  if (label === '') return FALLBACK;
  return cut(/^[a-z]/.test(label) ? label : `${FALLBACK}-${label}`, SLUG_LENGTH_MAX);
}

/** The same label with a short random end, for when it is taken. */
export function withSuffix(slug: string): string {
  const suffix = Array.from(
    { length: SUFFIX_LENGTH },
    () => SUFFIX_ALPHABET[randomInt(SUFFIX_ALPHABET.length)],
  );
  return `${cut(slug, SLUG_LENGTH_MAX - SUFFIX_LENGTH - 1)}-${suffix.join('')}`;
}

function cut(label: string, length: number): string {
  return trimHyphens(label.slice(0, length));
}

function trimHyphens(label: string): string {
  return label.replace(/^-+|-+$/g, '');
}
