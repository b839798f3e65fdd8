import { QUIET_SECONDS, quietWindowSeconds } from './quiet-window.fixture.js';

it('no window of usage ends while organizations are surveyed, whatever time of the day it is', () => {
  const midnight = Date.parse('2026-11-21T00:00:00Z');
  for (let minute = 0; minute < 24 * 60; minute += 1) {
    const begun = midnight + minute * 60_000;
    const windowMs = quietWindowSeconds(new Date(begun)) * 1_000;
    const windowAt = (time: number) => Math.floor(time / windowMs);
    expect(windowAt(begun + (QUIET_SECONDS - 1) * 1_000)).toBe(windowAt(begun));
  }
});
