import { type SeedOrganization, workClients } from '@capsule/contracts';
import { dayName, isWeekend, namedUuid, SeededRandom } from '@capsule/database';

type Member = SeedOrganization['members'][number];

export interface PastSession {
  id: string;
  user_id: string;
  client: string;
  started_at: Date;
  ended_at: Date;
}

export interface PastToolUse {
  id: string;
  session_id: string;
  tool: string;
  duration_ms: number;
  succeeded: boolean;
  used_at: Date;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** Stretches of work of a whole day, at the most. */
const SESSIONS_BY_ROLE = { owner: 2, admin: 3, developer: 4, viewer: 1 } as const;
/** One working day in that many is a day off. */
const DAYS_OFF = 10;
const WEEKEND_CHANCE = 0.15;
const FIRST_HOUR = 8;
const LAST_HOUR = 17;
const MINUTES_USUAL = 45;
const MINUTES_MAX = 150;
const MINUTES_BETWEEN_USES = 5;

/** How long a use takes as a rule, in milliseconds, and how often it fails. */
const TOOLS = [
  { tool: 'editor.save', usualMs: 60, failing: 0.002 },
  { tool: 'git.pull', usualMs: 1_400, failing: 0.01 },
  { tool: 'git.push', usualMs: 2_200, failing: 0.02 },
  { tool: 'lint', usualMs: 6_000, failing: 0.12 },
  { tool: 'test', usualMs: 38_000, failing: 0.18 },
  { tool: 'build', usualMs: 52_000, failing: 0.07 },
  { tool: 'capsule.deploy', usualMs: 3_100, failing: 0.05 },
] as const;

/** What a member worked on a day. Who asks again is told the same. */
export function* sessionsOf({ userId, role }: Member, day: Date): Generator<PastSession> {
  const random = new SeededRandom('work sessions', userId, dayName(day));
  if (isWeekend(day) ? !random.chance(WEEKEND_CHANCE) : random.chance(1 / DAYS_OFF)) return;
  const sessions = isWeekend(day) ? 1 : random.integer(1, SESSIONS_BY_ROLE[role]);
  for (let index = 0; index < sessions; index += 1) {
    const startedAt = day.getTime() + random.integer(FIRST_HOUR * 60, LAST_HOUR * 60) * MINUTE_MS;
    const minutes = Math.min(random.around(MINUTES_USUAL), MINUTES_MAX);
    yield {
      id: namedUuid('work session', userId, dayName(day), String(index)),
      user_id: userId,
      client: role === 'viewer' ? 'console' : random.pick(workClients),
      started_at: new Date(startedAt),
      ended_at: new Date(Math.min(startedAt + Math.round(minutes * MINUTE_MS), day.getTime() + 24 * HOUR_MS)),
    };
  }
}

/** What was used in a stretch of work. */
export function* toolUsesOf(session: PastSession): Generator<PastToolUse> {
  const random = new SeededRandom('tool metrics', session.id);
  const end = session.ended_at.getTime();
  let usedAt = session.started_at.getTime();
  for (let index = 0; ; index += 1) {
    usedAt += Math.round(random.around(MINUTES_BETWEEN_USES) * MINUTE_MS);
    if (usedAt >= end) return;
    const { tool, usualMs, failing } = random.pick(TOOLS);
    yield {
      id: namedUuid('tool metric', session.id, String(index)),
      session_id: session.id,
      tool,
      duration_ms: Math.round(random.around(usualMs)),
      succeeded: !random.chance(failing),
      used_at: new Date(usedAt),
    };
  }
}
