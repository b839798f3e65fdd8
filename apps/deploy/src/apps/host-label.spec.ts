import { hostLabel, withSuffix } from './host-label.js';

const LABEL = /^[a-z]([a-z0-9-]*[a-z0-9])?$/;

describe('the host of an app', () => {
  it('is the app and the organization in one label', () => {
    expect(hostLabel('hello', 'acme')).toBe('hello-acme');
  });

  it('is a DNS label of at most 63 characters, also with the longest names and a suffix', () => {
    for (const [app, slug] of [
      ['a'.repeat(40), 'b'.repeat(22)],
      [`${'a'.repeat(39)}x`, `c${'-'.repeat(20)}d`],
      ['a', 'b'],
      ['x'.repeat(40), 'y'.repeat(60)],
    ] as const) {
      for (const label of [hostLabel(app, slug), withSuffix(hostLabel(app, slug))]) {
        expect(label).toMatch(LABEL);
        expect(label.length).toBeLessThanOrEqual(63);
      }
    }
  });

  it('has another end each time when it is taken', () => {
    const seen = new Set(Array.from({ length: 50 }, () => withSuffix('hello-acme')));
    expect(seen.size).toBeGreaterThan(45);
    for (const label of seen) expect(label).toMatch(/^hello-acme-[a-z0-9]{5}$/);
  });
});
