import { createHash } from 'node:crypto';
import type { SeedApp, SeedOrganization, SeedPlan } from '@capsule/contracts';
import { dayName, daysBefore, isWeekend, namedUuid, SeededRandom } from '@capsule/database';
import { type DemoApp, type DemoOrganization, demoOrganizations, demoRoles } from './demo-organizations.js';

const DAYS = 30;
const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const MEBIBYTE = 1024 ** 2;

/** Nobody deploys at night, and few on a weekend. */
const CHANCE_ON_WEEKDAY = 0.55;
const CHANCE_ON_WEEKEND = 0.08;
const CHANCE_OF_ANOTHER = 0.25;
const FIRST_MINUTE = 8 * 60;
const LAST_MINUTE = 17 * 60;
const OUTCOMES = [...Array<'live'>(17).fill('live'), 'build_failed', 'update_failed', 'canceled'] as const;

/**
 * Who there is and what happened in the 30 days before the day of `now`. Everything of a day follows from the names of
 * that day and of what it belongs to: the same day gives the same plan, and the next one the same past and a day more.
 * @param scale how many organizations of each kind there are
 */
export function demoPlan(now: Date, scale: number): SeedPlan {
  const until = new Date(Math.floor(now.getTime() / DAY_MS) * DAY_MS);
  const days = daysBefore(until, DAYS);
  const organizations = Array.from({ length: scale }, (_, copy) =>
    demoOrganizations.map((organization) => planned(copyOf(organization, copy + 1), days)),
  ).flat();
  return { until: until.toISOString(), days: DAYS, organizations };
}

/** The first is the original; the others have its number in their names. */
function copyOf(organization: DemoOrganization, number: number): DemoOrganization {
  if (number === 1) return organization;
  const domain = organization.domain.replace('.', `-${number}.`);
  return { ...organization, name: `${organization.name} ${number}`, domain };
}

function planned(organization: DemoOrganization, days: readonly Date[]): SeedOrganization {
  const { name, domain, planCode, people, projects } = organization;
  const member = (person: string, role: (typeof demoRoles)[number]) => {
    const email = `${person.split(' ')[0]?.toLowerCase()}@${domain}`;
    return { userId: namedUuid('demo user', email), name: person, email, role };
  };
  const [owner, ...others] = people;
  return {
    id: namedUuid('demo organization', domain),
    name,
    planCode,
    foundedAt: (days[0] as Date).toISOString(),
    members: [
      member(owner, demoRoles[0]),
      ...others.map((person, index) => member(person, demoRoles[index + 1] ?? 'viewer')),
    ],
    projects: projects.map((project) => ({
      id: namedUuid('demo project', domain, project.name),
      name: project.name,
      apps: project.apps.map((app) => plannedApp(domain, app, days)),
    })),
  };
}

function plannedApp(
  domain: string,
  { name, memoryMebibytes, peakCores }: DemoApp,
  days: readonly Date[],
): SeedApp {
  const id = namedUuid('demo app', domain, name);
  return {
    id,
    name,
    memoryLimitBytes: memoryMebibytes * MEBIBYTE,
    peakCores,
    deployments: days.flatMap((day) => deploymentsOn(id, day)),
  };
}

function deploymentsOn(appId: string, day: Date): SeedApp['deployments'] {
  const random = new SeededRandom('deployments', appId, dayName(day));
  const minutes: number[] = [];
  if (random.chance(isWeekend(day) ? CHANCE_ON_WEEKEND : CHANCE_ON_WEEKDAY)) {
    do minutes.push(random.integer(FIRST_MINUTE, LAST_MINUTE));
    while (random.chance(CHANCE_OF_ANOTHER));
  }
  return minutes
    .sort((earlier, later) => earlier - later)
    .map((minute, index) => {
      const id = namedUuid('demo deployment', appId, dayName(day), String(index));
      return {
        id,
        // Seconds apart, so that two of the same minute have an order.
        requestedAt: new Date(day.getTime() + minute * MINUTE_MS + index * 1000).toISOString(),
        outcome: random.pick(OUTCOMES),
        gitCommit: createHash('sha1').update(id).digest('hex'),
      };
    });
}
