import { succeeded } from './answer.fixture.js';
import type { Operation } from './api-document.fixture.js';
import { comparable, leakOf } from './comparison.fixture.js';
import { isMaker, type Organization } from './organization.fixture.js';
import { Samples } from './samples.fixture.js';

const HEADER = 'Idempotency-Key';

export function isRepeatableMaker(operation: Operation): boolean {
  return (
    isMaker(operation) && operation.parameters.some(({ in: at, name }) => at === 'header' && name === HEADER)
  );
}

/** What is wrong when one organization makes something under a key, and with a body, that another used before. */
export async function sharedKeyFaultsOf(
  maker: Operation,
  caller: Organization,
  other: Organization,
): Promise<string[]> {
  const shared = {
    headers: { [HEADER]: `used by both for ${maker.name}`.replaceAll(' ', '-') },
    body: maker.body && new Samples('qshared').bodyOf(maker.body),
  };
  const theirs = await other.succeed(maker, 'owner', undefined, shared);
  const ours = await caller.succeed(maker, 'owner', undefined, shared);
  const again = await caller.call(maker, 'owner', ours.filling, shared);
  const faults: string[] = [];
  for (const { answer } of [theirs, ours]) {
    if (!succeeded(answer)) faults.push(`was never seen to succeed: ${answer.status} ${answer.text}`);
  }
  const leaked = leakOf(ours.answer, other.secrets);
  if (leaked !== undefined) faults.push(`answers with ${leaked} of another organization`);
  // Were the key not honoured, this would be another resource, or a refusal of its name.
  if (comparable(again, '') !== comparable(ours.answer, '')) faults.push(`does not honour the key`);
  return faults.map((fault) => `${maker.name} ${fault}`);
}
