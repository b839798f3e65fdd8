/** Longer than the survey of two organizations takes. */
export const QUIET_SECONDS = 1_800;
/** A window is reported a moment after its end. */
const GRACE_SECONDS = 10;
const WINDOW_SECONDS_MAX = 86_400;

/**
 * How long the windows of usage are to be so that none ends while a survey that begins now goes on: usage that is reported
 * in between would be new rows of its organization. Windows are counted from 1970, so those of a day end at midnight.
 */
export function quietWindowSeconds(now: Date): number {
  const seconds = Math.floor(now.getTime() / 1_000);
  let length = WINDOW_SECONDS_MAX;
  while (seconds % length < GRACE_SECONDS || seconds % length > length - QUIET_SECONDS) length -= 1;
  return length;
}
