/**
 * Two organizations on a whole platform, and every route that its OpenAPI document tells of, called by one with ids of
 * the other. Requests are made from the document alone, so a new route is probed without anybody adding it here, and
 * fails when it was never seen to succeed with own ids.
 */
import { resolve } from 'node:path';
import { testPorts } from '@capsule/testing/test-ports';
import { packFolder } from '../api/pack-folder.js';
import { type PrivatePlatform, startPrivatePlatform } from '../supervisor/private-platform.js';
import { type Operation, readOperations } from './api-document.fixture.js';
import { BusProbe } from './bus-probe.fixture.js';
import { cursorFaultsOf, isCursorList } from './cursor-probe.fixture.js';
import { idPlacesOf } from './id-places.fixture.js';
import { isRepeatableMaker, sharedKeyFaultsOf } from './idempotency-probe.fixture.js';
import { quietWindowSeconds } from './quiet-window.fixture.js';
import { withoutControl } from './reviewed.fixture.js';
import { changedTables, RowDigests } from './row-digests.fixture.js';
import { spoiltPolicies } from './spoilt-policies.fixture.js';
import { Survey } from './survey.fixture.js';
import { deployLive, furnish, type Member, settle, signUpMember } from './two-organizations.fixture.js';

const workspace = resolve(import.meta.dirname, '../../..');
const START_MS = 180_000;
const SURVEY_MS = 120_000;

describe('two organizations', () => {
  let running: PrivatePlatform;
  let operations: Operation[];
  let caller: Member;
  let other: Member;
  let digests: RowDigests;
  let survey: Survey;
  /** The other's live deployment. */
  let victim: string;

  beforeAll(async () => {
    running = await startPrivatePlatform({
      workspace,
      name: 'isolation',
      firstPort: testPorts('isolation.spec')[0],
      reporter: { step: () => {}, note: () => {}, failure: () => {}, summary: () => {} },
      variables: {
        AUTH_SERVICE_BCRYPT_COST: '4',
        GATEWAY_LIMIT_PER_MINUTE: '1000000',
        GATEWAY_STRICT_LIMIT_PER_MINUTE: '1000',
        DEPLOY_SERVICE_SAMPLE_INTERVAL_SECONDS: '1',
        MONITOR_SERVICE_USAGE_WINDOW_SECONDS: String(quietWindowSeconds(new Date())),
      },
    });
    const document = await fetch(`${running.gatewayUrl}/v1/openapi.json`);
    operations = readOperations(await document.json());
    caller = await signUpMember(running, operations, 'qcaller');
    other = await signUpMember(running, operations, 'qother');
    digests = await RowDigests.open(running, other.organizationId, other.userId);
    survey = new Survey(caller.organization, other.organization, digests);
    const archive = await packFolder(resolve(workspace, 'examples/hello-node'));
    await Promise.all([furnish(other, operations), deployLive(caller, archive)]);
    // Every control makes what it needs, which is more than the plan of a new organization has.
    await digests.client('deploy').query('UPDATE quotas SET max_projects = 100000, max_apps = 100000');
    [, victim] = await Promise.all([furnish(caller, operations), deployLive(other, archive)]);
    await settle(other, digests);
  }, START_MS);

  afterAll(async () => {
    await digests?.close();
    await running?.stop();
  }, START_MS);

  it(
    'are answered for ids of each other as for ids of nothing, whoever asks and wherever the id stands',
    async () => {
      const findings: string[] = [];
      for (const operation of deletionsLast(operations))
        findings.push(...(await survey.findingsOf(operation)));
      expect(findings).toEqual([]);
      const places = operations.flatMap(idPlacesOf).map((place) => place.in);
      expect(new Set(places)).toEqual(new Set(['path', 'query', 'body']));
    },
    SURVEY_MS,
  );

  it('are probed with something of the other that is live, and left it live', async () => {
    expect(other.organization.ids.of('deploymentId')[0]).toBe(victim);
    expect(await other.api.get(`/v1/deployments/${victim}`)).toMatchObject({
      state: 'live',
      instance: { state: 'healthy' },
    });
  });

  it('are spared no more than what was reviewed and is there', () => {
    const ids = operations.map((operation) => operation.id);
    expect(ids).toEqual(expect.arrayContaining(Object.keys(withoutControl)));
  });

  it('cannot read on with a cursor of each other', async () => {
    const lists = operations.filter(isCursorList);
    expect(lists).not.toHaveLength(0);
    const faults = lists.map((list) => cursorFaultsOf(list, caller.organization, other.organization));
    expect((await Promise.all(faults)).flat()).toEqual([]);
  }, 60_000);

  it('are out of reach of who has the credentials of the gateway on the bus, and no token of theirs', async () => {
    const probe = await BusProbe.open(running);
    try {
      const { items } = await other.api.get<{ items: { id: string }[] }>('/v1/projects');
      const { id } = items[0]!;
      expect(await probe.read(other, id, other.accessToken)).toBe(id);
      expect(await probe.read(other, id, caller.accessToken)).toBe('auth.token.invalid');
      expect(await probe.read(other, id)).toBe('auth.token.missing');
      expect(await probe.read(caller, id, caller.accessToken)).toBe('deploy.project.not_found');
    } finally {
      await probe.close();
    }
  });

  describe('are found not to be apart', () => {
    const operation = (wanted: string): Operation => {
      const found = operations.find(({ id }) => id === wanted);
      if (!found) throw new Error(`The document has no ${wanted}.`);
      return found;
    };

    it.each(spoiltPolicies)(
      'when $title',
      async ({ service, spoil, mend, operationId, finding }) => {
        // Nothing is to come by an event any more.
        caller.organization.patienceMs = 0;
        const findings = () => survey.findingsOf(operation(operationId));
        await digests.client(service).query(spoil);
        try {
          expect(await findings()).toEqual(expect.arrayContaining([expect.stringMatching(finding)]));
        } finally {
          await digests.client(service).query(mend);
        }
        expect(await findings()).toEqual([]);
      },
      SURVEY_MS,
    );

    it('when a route takes no request that is made from the document', async () => {
      const strange = {
        ...operation('getProject'),
        name: 'GET /v1/strange',
        path: '/v1/strange/{projectId}',
      };
      expect(await survey.findingsOf(strange)).toContain('GET /v1/strange was never seen to succeed');
    });

    it('when a row of any table is gone', async () => {
      const before = await digests.read();
      for (const table of ['.tool_metrics', '.samples', '.series', '.instances']) {
        expect(Object.keys(before)).toContainEqual(expect.stringContaining(table));
      }
      // Without its row in the registry an organization has no schema to be looked into, so there may be more.
      for (const name of Object.keys(before)) {
        const changed = await digests.withoutRowsOf(name, () => digests.read());
        expect(changedTables(before, changed)).toContain(name);
      }
    }, 60_000);
  });

  it('have each their own memory of idempotency keys', async () => {
    const makers = operations.filter(isRepeatableMaker);
    expect(makers).not.toHaveLength(0);
    const faults: string[] = [];
    for (const maker of makers) {
      faults.push(...(await sharedKeyFaultsOf(maker, caller.organization, other.organization)));
    }
    expect(faults).toEqual([]);
  }, 60_000);
});

/** What they take away may be what another route is called with. */
function deletionsLast(operations: readonly Operation[]): Operation[] {
  const isDeletion = ({ method }: Operation) => Number(method === 'DELETE');
  return operations.toSorted((a, b) => isDeletion(a) - isDeletion(b));
}
