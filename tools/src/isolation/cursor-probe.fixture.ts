import { type Answer, parsed, succeeded } from './answer.fixture.js';
import type { Operation } from './api-document.fixture.js';
import { comparable } from './comparison.fixture.js';
import type { Filling, Organization } from './organization.fixture.js';

export function isCursorList({ method, isPublic, parameters }: Operation): boolean {
  return (
    method === 'GET' &&
    !isPublic &&
    parameters.some(({ in: at, name }) => at === 'query' && name === 'cursor')
  );
}

/** What is wrong when one organization reads its own list on with a cursor that another was given for the same list. */
export async function cursorFaultsOf(
  list: Operation,
  caller: Organization,
  other: Organization,
): Promise<string[]> {
  const [own, foreign] = [await firstPage(list, caller), await firstPage(list, other)];
  if (!own || !foreign) return [`${list.name} was never seen to have a second page`];
  const readOn = (cursor: string) =>
    caller.call(list, 'owner', own.filling, { query: { limit: '1', cursor } });
  const [control, refused, refusedAsAltered] = [
    await readOn(own.cursor),
    await readOn(foreign.cursor),
    await readOn(altered(own.cursor)),
  ];
  const faults: string[] = [];
  if (!succeeded(control)) faults.push(`answers its own cursor with ${control.status} ${control.text}`);
  if (succeeded(refused)) faults.push(`takes a cursor of another organization`);
  if (comparable(refused, foreign.cursor) !== comparable(refusedAsAltered, own.cursor))
    faults.push(`tells a cursor of another organization from an altered one: ${refused.text}`);
  return faults.map((fault) => `${list.name} ${fault}`);
}

async function firstPage(
  list: Operation,
  organization: Organization,
): Promise<{ cursor: string; filling: Filling } | undefined> {
  const { answer, filling } = await organization.succeed(list, 'owner', undefined, {
    query: { limit: '1' },
    isEnough: (page) => nextCursorOf(page) !== undefined,
  });
  const cursor = nextCursorOf(answer);
  return cursor === undefined ? undefined : { cursor, filling };
}

function nextCursorOf(page: Answer): string | undefined {
  const { nextCursor } = (parsed(page) ?? {}) as { nextCursor?: unknown };
  return typeof nextCursor === 'string' ? nextCursor : undefined;
}

function altered(cursor: string): string {
  return (cursor.startsWith('A') ? 'B' : 'A') + cursor.slice(1);
}
