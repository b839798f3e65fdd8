import { flywayChecksum } from './checksum.js';

describe('flywayChecksum', () => {
  it.each([
    ['', 0],
    ['SELECT 1;', 78_787_420],
    ['SELECT 1;\n', 78_787_420],
    ['SELECT 1;\r\n', 78_787_420],
    ['\uFEFFSELECT 1;', 78_787_420],
    ['a\nb', -1_635_563_411],
    ['é', 235_179_326],
  ])('of %j is what Flyway computes', (script, checksum) => {
    expect(flywayChecksum(script)).toBe(checksum);
  });

  it('keeps a byte order mark that is not at the beginning', () => {
    expect(flywayChecksum('SELECT\uFEFF 1;')).not.toBe(flywayChecksum('SELECT 1;'));
  });
});
