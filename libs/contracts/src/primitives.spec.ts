import { displayNameSchema, givenInstantSchema } from './primitives.js';

describe('a name that is shown', () => {
  it.each(['\ud800', 'half a \udc34 clef', 'tab\there', 'right\u202eto left', '', ' '])(
    'is not %j',
    (name) => {
      expect(displayNameSchema.safeParse(name).success).toBe(false);
    },
  );

  it('may be in any script, and is trimmed', () => {
    expect(displayNameSchema.parse(' 𝄞 Ada Þorsteinsdóttir 株式会社 ')).toBe(
      '𝄞 Ada Þorsteinsdóttir 株式会社',
    );
  });
});

describe('an instant that a caller gives', () => {
  it.each(['0000-01-01T00:00:00Z', '1969-12-31T23:59:59Z', '3000-01-01T00:00:00Z', '9999-12-31T23:59:59Z'])(
    'is not %s, from which a sum could leave the years that can be written',
    (text) => {
      expect(givenInstantSchema.safeParse(text).success).toBe(false);
    },
  );

  it('may be the first or the last of its range', () => {
    for (const text of ['1970-01-01T00:00:00Z', '2999-12-31T23:59:59.999Z'])
      expect(givenInstantSchema.parse(text)).toBe(text);
  });
});
