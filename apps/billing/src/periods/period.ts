/**
 * Billing periods of a subscription: period n runs from anchor + n months to anchor + (n + 1) months, in UTC.
 *
 * Each boundary is computed from the anchor and never from the boundary before, so a subscription that began on a 31st
 * is billed on the 28th of February and on the 31st of March again. Periods tile: the end of one is the start of the
 * next, and an instant belongs to the period whose start is not after it.
 */
export interface Period {
  /** 0 is the first. */
  number: number;
  start: Date;
  end: Date;
}

export function period(anchor: Date, number: number): Period {
  return { number, start: addMonths(anchor, number), end: addMonths(anchor, number + 1) };
}

/** What happened before the anchor (clocks differ between machines) counts to the first period. */
export function periodAt(anchor: Date, instant: Date): Period {
  if (instant <= anchor) return period(anchor, 0);
  const months =
    (instant.getUTCFullYear() - anchor.getUTCFullYear()) * 12 + instant.getUTCMonth() - anchor.getUTCMonth();
  // Within the month of the boundary the day and the time of day decide on which side of it the instant lies.
  return instant < addMonths(anchor, months) ? period(anchor, months - 1) : period(anchor, months);
}

/** The same day and time `months` later; the last day of a month that lacks the day. */
function addMonths(instant: Date, months: number): Date {
  const result = new Date(instant);
  result.setUTCDate(1);
  result.setUTCMonth(instant.getUTCMonth() + months);
  const lastDay = new Date(Date.UTC(result.getUTCFullYear(), result.getUTCMonth() + 1, 0)).getUTCDate();
  result.setUTCDate(Math.min(instant.getUTCDate(), lastDay));
  return result;
}
