import type { Verdict } from './comparison.js';
import { consumers } from './effect-traces.js';
import { type Deaths, type Place, places } from './faults.js';

/** How often NATS is broken on the way. */
export const NATS_RESTARTS = 2;

/** What happened in a run, and what was found after it. */
export interface Run {
  kills: number;
  deaths: Deaths;
  natsRestarts: number;
  /** Rows published before a store was wiped and again after it; undefined when none was wiped. */
  republished: number | undefined;
  redeliveries: number;
  withoutInbox: boolean;
  /** Why the traffic gave up on an organization, for each. */
  unanswered: string[];
  verdict: Verdict;
}

const names: Record<Place, string> = {
  prompt: 'a service that had published right after its commit, before it marked the rows,',
  loop: "a service whose relay's loop had published rows, before it marked them,",
  marked: 'a service that had just marked rows as published',
  consumer: 'a consumer between its commit and the acknowledgement',
  acknowledged: 'a consumer that had just acknowledged',
};

/** Whose inbox there is to prove. */
const consuming = [...new Set(consumers.map(({ service }) => service))];

/** Why a run does not prove what it is for; nothing when it does. */
export function shortfalls({ verdict, withoutInbox, ...run }: Run): string[] {
  const reasons = [
    verdict.lost > 0 && `${verdict.lost} are lost.`,
    !withoutInbox && verdict.duplicated > 0 && `${verdict.duplicated} are duplicated.`,
    ...consuming.map(
      (service) =>
        withoutInbox &&
        !verdict.repeating.includes(service) &&
        `Without the inbox there have to be duplicates in ${service}; without any this run proves nothing of it.`,
    ),
    run.unanswered.length > 0 &&
      `${run.unanswered.length} organizations were given up on: ${run.unanswered[0]}`,
    run.kills === 0 && 'No service was killed from outside.',
    ...places.map((place) => run.deaths[place] === 0 && `Never did ${names[place]} die.`),
    run.natsRestarts < NATS_RESTARTS && `NATS was broken ${run.natsRestarts} of ${NATS_RESTARTS} times.`,
    run.republished === 0 && 'The store of NATS was wiped, and nothing was published again.',
    run.redeliveries === 0 && 'Nothing was delivered again.',
  ];
  return reasons.filter((reason) => reason !== false);
}
