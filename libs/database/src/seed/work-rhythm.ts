const DAY_MS = 86_400_000;

/** How busy each hour of a working day is in UTC, the busiest being 1: two humps with a lunch between them. */
const BY_HOUR = [
  0.06, 0.04, 0.03, 0.03, 0.04, 0.07, 0.15, 0.35, 0.7, 0.92, 1, 0.95, 0.62, 0.75, 0.96, 0.98, 0.88, 0.66,
  0.42, 0.3, 0.25, 0.2, 0.14, 0.09,
];
const WEEKEND = 0.25;

/** How busy people are at an instant: from 0 to 1, with the rhythm of a day and of a week. */
export function busynessAt(instant: Date): number {
  const hour = BY_HOUR[instant.getUTCHours()] ?? 0;
  return isWeekend(instant) ? hour * WEEKEND : hour;
}

export function isWeekend(instant: Date): boolean {
  return instant.getUTCDay() === 0 || instant.getUTCDay() === 6;
}

/** The starts of the days in UTC before an instant that is one, the earliest first. */
export function daysBefore(until: Date, count: number): Date[] {
  return Array.from({ length: count }, (_, index) => new Date(until.getTime() - (count - index) * DAY_MS));
}

/** `2026-11-20`: what names a day where values are drawn for it. */
export function dayName(day: Date): string {
  return day.toISOString().slice(0, 10);
}
