import { isUuid, uuidv7 } from './uuid.js';

describe('uuidv7', () => {
  it('is a version 7 UUID that begins with the time', () => {
    const before = Date.now();
    const id = uuidv7();
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    const milliseconds = parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
    expect(milliseconds).toBeGreaterThanOrEqual(before);
    expect(milliseconds).toBeLessThanOrEqual(Date.now() + 1);
  });

  it('strictly increases, also for many within a millisecond', () => {
    const ids = Array.from({ length: 50_000 }, uuidv7);
    expect(ids.every((id, index) => index === 0 || id > (ids[index - 1] ?? ''))).toBe(true);
  });
});

describe('isUuid', () => {
  it('refuses what PostgreSQL might still read as one', () => {
    expect(isUuid(uuidv7())).toBe(true);
    for (const text of ['', `{${uuidv7()}}`, uuidv7().replaceAll('-', ''), `${uuidv7()}\n`]) {
      expect(isUuid(text)).toBe(false);
    }
  });
});
