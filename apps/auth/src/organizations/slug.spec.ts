import { SLUG_LENGTH_MAX, slugOf, withSuffix } from './slug.js';

const LABEL = /^[a-z]([a-z0-9-]*[a-z0-9])?$/;

describe('slugOf', () => {
  it.each([
    ['Acme', 'acme'],
    ['  Müller & Søn  GmbH ', 'muller-and-son-gmbh'],
    ["O'Neill’s Diner", 'oneills-diner'],
    ['Łódź Straße', 'lodz-strasse'],
    ['İstanbul', 'istanbul'],
    ['Ａｃｍｅ', 'acme'],
    ['C++ / Rust', 'c-rust'],
    ['42 Labs', 'org-42-labs'],
    ['株式会社', 'org'],
    ['🚀', 'org'],
    ['---', 'org'],
    // Two hyphens in the third and fourth place would announce an internationalised label (RFC 5891 §4.2.3.1).
    ['xn--acme', 'xn-acme'],
  ])('makes of %s the label %s', (name, slug) => {
    expect(slugOf(name)).toBe(slug);
  });

  it('makes one DNS label of any name that is allowed', () => {
    const alphabet = [...'aZ09-_. \'&"/ßøİĲ²ﬁ日本語אب🚀́'];
    for (let round = 0; round < 2_000; round += 1) {
      const length = 1 + Math.floor(Math.random() * 100);
      const name = Array.from({ length }, () => alphabet[Math.floor(Math.random() * alphabet.length)]).join(
        '',
      );
      expect({ name, slug: slugOf(name) }).toEqual({ name, slug: expect.stringMatching(LABEL) });
      expect(slugOf(name).length).toBeLessThanOrEqual(SLUG_LENGTH_MAX);
      expect(withSuffix(slugOf(name))).toMatch(LABEL);
      expect(withSuffix(slugOf(name)).length).toBeLessThanOrEqual(SLUG_LENGTH_MAX);
    }
  });
});

describe('withSuffix', () => {
  it('keeps the beginning readable and differs from call to call', () => {
    const made = new Set(Array.from({ length: 50 }, () => withSuffix('acme-and-sons-limited')));
    expect(made.size).toBeGreaterThan(45);
    for (const slug of made) expect(slug).toMatch(/^acme-and-sons-lim-[b-z2-9]{4}$/);
  });
});
