import { randomUUID } from 'node:crypto';
import { type Role, roles } from '@capsule/contracts';
import { succeeded } from './answer.fixture.js';
import type { Operation } from './api-document.fixture.js';
import { faultOf, leakOf } from './comparison.fixture.js';
import { describePlace, type IdPlace, idPlacesOf } from './id-places.fixture.js';
import type { Attempt, Organization } from './organization.fixture.js';
import { withoutControl } from './reviewed.fixture.js';
import { changedTables, type RowDigests } from './row-digests.fixture.js';

/** Of what the other organization has of a kind, so many are tried. */
const FOREIGN_IDS = 2;

/** Calls routes as members of one organization, with ids of another in every place that takes one. */
export class Survey {
  constructor(
    private readonly caller: Organization,
    private readonly other: Organization,
    /** Of the other's rows. */
    private readonly digests: RowDigests,
  ) {}

  /** What is wrong with a route, in words; nothing when it keeps the two apart and was seen to succeed with own ids. */
  async findingsOf(operation: Operation): Promise<string[]> {
    const places = idPlacesOf(operation);
    if (withoutControl[operation.id] && places.length === 0) return [];
    const before = await this.digests.read();
    const findings: string[] = [];
    for (const place of places.length > 0 ? places : [undefined]) {
      findings.push(...(await this.findingsAt(operation, place)));
    }
    const changed = changedTables(before, await this.digests.read());
    if (changed.length > 0) findings.push(`changes rows of another organization in ${changed.join(', ')}`);
    return findings.map((finding) => `${operation.name} ${finding}`);
  }

  private async findingsAt(operation: Operation, place: IdPlace | undefined): Promise<string[]> {
    const findings: string[] = [];
    const attempts: Attempt[] = [];
    for (const role of roles) {
      const own = await this.caller.succeed(operation, role, place);
      attempts.push(own);
      const faults = place
        ? await this.faultsOfPlace(operation, role, place, own)
        : faultsOfControl(own, this.other.secrets);
      findings.push(...faults.map((fault) => `as ${role} ${fault}`));
    }
    const seen = attempts.find(({ answer }) => succeeded(answer));
    if (!seen && !withoutControl[operation.id]) findings.push('was never seen to succeed');
    if (operation.isPublic) return findings;
    const filled = seen ?? attempts[0];
    const anonymous =
      place && filled
        ? await this.faultsOfPlace(operation, undefined, place, filled)
        : await this.faultsWithoutToken(operation);
    return [...findings, ...anonymous.map((fault) => `without a token ${fault}`)];
  }

  private async faultsOfPlace(
    operation: Operation,
    role: Role | undefined,
    place: IdPlace,
    own: Attempt,
  ): Promise<string[]> {
    const key = describePlace(place);
    const foreignIds = this.other.ids.of(place.name).slice(0, FOREIGN_IDS);
    if (foreignIds.length === 0) return [`has no foreign ${place.name} to be probed with, in ${key}`];
    const unknownId = randomUUID();
    const call = (id: string) => this.caller.call(operation, role, { ...own.filling, [key]: id });
    const unknown = await call(unknownId);
    const faults: string[] = [];
    for (const foreignId of foreignIds) {
      const fault = faultOf({
        own: role && own.answer,
        foreign: await call(foreignId),
        foreignId,
        unknown,
        unknownId,
        secrets: this.other.secrets,
        isWithoutControl: withoutControl[operation.id] !== undefined,
      });
      if (fault !== undefined) faults.push(`in ${key} ${fault}`);
    }
    return faults;
  }

  private async faultsWithoutToken(operation: Operation): Promise<string[]> {
    const { status } = await this.caller.call(operation, undefined, {});
    return status === 401 ? [] : [`is answered ${status}`];
  }
}

function faultsOfControl({ answer }: Attempt, secrets: readonly string[]): string[] {
  const leaked = leakOf(answer, secrets);
  if (leaked !== undefined) return [`tells ${leaked} of another organization`];
  if (succeeded(answer) || answer.status === 403) return [];
  return [`was never seen to succeed: it is answered ${answer.status} ${answer.text.slice(0, 300)}`];
}
