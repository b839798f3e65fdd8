import { compareVersions, parseVersion } from './version.js';

describe('versions', () => {
  it.each([
    ['1', '1.0.0', 0],
    ['1_2', '1.2', 0],
    ['1.9', '1.10', -1],
    ['2', '1.99.99', 1],
    ['1.0.1', '1', 1],
    ['20260101120000000001', '20260101120000000002', -1],
  ])('%s and %s compare as Flyway compares them', (a, b, order) => {
    expect(compareVersions(parseVersion(a), parseVersion(b))).toBe(order);
  });
});
