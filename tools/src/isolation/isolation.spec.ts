/**
 * Two organizations on a whole platform, and every route that its OpenAPI document tells of, called by one with ids of
 * the other. Requests are made from the document alone, so a new route is probed without anybody adding it here, and
 * fails when it was never seen to succeed with own ids.
 */
import { resolve } from 'node:path';
import { packFolder } from '../api/pack-folder.js';
import { type PrivatePlatform, startPrivatePlatform } from '../supervisor/private-platform.js';
import { type Operation, readOperations } from './api-document.fixture.js';
import { RowDigests } from './row-digests.fixture.js';
import { Survey } from './survey.fixture.js';
import { deployLive, furnish, type Member, settle, signUpMember } from './two-organizations.fixture.js';

const workspace = resolve(import.meta.dirname, '../../..');
const START_MS = 180_000;

describe('two organizations', () => {
  let running: PrivatePlatform;
  let operations: Operation[];
  let caller: Member;
  let other: Member;
  let digests: RowDigests;

  beforeAll(async () => {
    running = await startPrivatePlatform({
      workspace,
      name: 'isolation',
      firstPort: 27_600,
      reporter: { step: () => {}, note: () => {}, failure: () => {}, summary: () => {} },
      variables: {
        AUTH_SERVICE_BCRYPT_COST: '4',
        GATEWAY_LIMIT_PER_MINUTE: '1000000',
        GATEWAY_STRICT_LIMIT_PER_MINUTE: '1000',
      },
    });
    const document = await fetch(`${running.gatewayUrl}/v1/openapi.json`);
    operations = readOperations(await document.json());
    caller = await signUpMember(running, operations, 'qcaller');
    other = await signUpMember(running, operations, 'qother');
    const archive = await packFolder(resolve(workspace, 'examples/hello-node'));
    digests = await RowDigests.open(running, other.organizationId, other.userId);
    const deploy = digests.client('deploy');
    await Promise.all([furnish(other, operations), deployLive(caller, archive)]);
    await deploy.query('UPDATE quotas SET max_projects = 100000, max_apps = 100000');
    await furnish(caller, operations);
    await settle(other, digests);
  }, START_MS);

  afterAll(async () => {
    await digests?.close();
    await running?.stop();
  }, START_MS);

  it('are answered for ids of each other as for ids of nothing, whoever asks and wherever the id stands', async () => {
    const survey = new Survey(caller.organization, other.organization, digests);
    const findings: string[] = [];
    for (const operation of operations) {
      findings.push(...(await survey.findingsOf(operation)));
    }
    expect(findings).toEqual([]);
  }, 120_000);
});
