import { seedPlanSchema } from '@capsule/contracts';
import { demoPlan } from './demo-plan.js';

const MORNING = new Date('2026-11-20T08:00:00.000Z');
const EVENING = new Date('2026-11-20T21:30:00.000Z');
const NEXT_DAY = new Date('2026-11-21T08:00:00.000Z');

const deploymentsOf = (plan: ReturnType<typeof demoPlan>) =>
  plan.organizations.flatMap(({ projects }) =>
    projects.flatMap(({ apps }) => apps.flatMap(({ deployments }) => deployments)),
  );

describe('the plan of the seeds', () => {
  it('is the same all day, and is what the services accept', () => {
    const plan = demoPlan(MORNING, 2);
    expect(demoPlan(EVENING, 2)).toEqual(plan);
    expect(seedPlanSchema.parse(JSON.parse(JSON.stringify(plan)))).toEqual(plan);
  });

  it('has the same past the next day, and a day more', () => {
    const [today, tomorrow] = [deploymentsOf(demoPlan(MORNING, 1)), deploymentsOf(demoPlan(NEXT_DAY, 1))];
    const both = today.filter(({ requestedAt }) => requestedAt >= '2026-10-22');
    expect(tomorrow.filter(({ requestedAt }) => requestedAt < '2026-11-20')).toEqual(both);
    expect(today.every(({ requestedAt }) => requestedAt < '2026-11-20')).toBe(true);
  });

  it('has a free, a pro and an enterprise organization of five people in all roles, at each scale', () => {
    const { organizations } = demoPlan(MORNING, 3);
    expect(organizations.map(({ planCode }) => planCode)).toEqual(
      Array(3).fill(['free', 'pro', 'enterprise']).flat(),
    );
    for (const { members } of organizations) {
      expect(members.map(({ role }) => role)).toEqual(['owner', 'admin', 'developer', 'developer', 'viewer']);
    }
  });

  it('gives nothing the id or the address of another', () => {
    const { organizations } = demoPlan(MORNING, 20);
    const people = organizations.flatMap(({ members }) => members);
    expect(new Set(people.map(({ email }) => email)).size).toBe(people.length);
    const ids = [
      ...organizations.map(({ id }) => id),
      ...people.map(({ userId }) => userId),
      ...organizations.flatMap(({ projects }) =>
        projects.flatMap(({ id, apps }) => [id, ...apps.map((app) => app.id)]),
      ),
      ...deploymentsOf(demoPlan(MORNING, 20)).map(({ id }) => id),
    ];
    expect(new Set(ids).size).toBe(ids.length);
  });
});
