/**
 * What the documentation shows as answers, one coherent story: Acme's app `hello`, once deployed. A spec parses each
 * by its schema, so none goes stale.
 */
const organizationId = '0192f0c1-7a10-7c3e-9b1d-5f2d1c0a9e01';
const userId = '0192f0c1-7a10-7c3e-9b1d-5f2d1c0a9e02';
const projectId = '0192f0c1-9d55-7f21-8a64-6d0b5c7e3f03';
const appId = '0192f0c2-03b4-7a90-8c17-b2e94f6d1a04';
const deploymentId = '0192f0c2-5e6f-7d18-9f02-1c8a7b3d6e05';
const instanceId = '0192f0c2-8a91-7b6c-8e43-9d5f2a0c7b06';
const created = '2030-01-15T09:30:00.000Z';
const live = '2030-01-15T09:31:12.480Z';
const periodStart = '2030-01-15T00:00:00.000Z';
const periodEnd = '2030-02-15T00:00:00.000Z';

export const problem = {
  type: '/docs/errors/platform.request.invalid',
  title: 'The request has invalid fields',
  status: 422,
  code: 'platform.request.invalid',
  instance: '/v1/projects',
  requestId: '0192f0c2-b7c8-4e1f-a0d3-4f6e8c2b5a07',
  errors: [{ path: 'name', message: 'Too small: expected string to have >=1 characters' }],
};

export const user = { id: userId, email: 'ada@example.com', name: 'Ada Lovelace', createdAt: created };
export const organization = { id: organizationId, name: 'Acme', slug: 'acme', createdAt: created };
export const tokens = {
  accessToken: 'eyJhbGciOiJSUzI1NiJ9.….…',
  tokenType: 'Bearer',
  expiresInSeconds: 900,
  refreshToken: 'an opaque text that works once',
};
export const currentUser = { user, organization, role: 'owner' };
export const signedUp = { ...currentUser, ...tokens };
export const keySet = {
  keys: [{ kty: 'RSA', use: 'sig', alg: 'RS256', kid: 'the id of the key', n: '…', e: 'AQAB' }],
};

export const project = { id: projectId, name: 'Website', createdAt: created, updatedAt: created };
const url = 'http://hello-acme.localhost:7180';
export const app = {
  id: appId,
  projectId,
  name: 'hello',
  host: 'hello-acme.localhost',
  url,
  healthPath: '/',
  command: null,
  memoryLimitBytes: 268_435_456,
  liveDeploymentId: deploymentId,
  createdAt: created,
  updatedAt: live,
};
export const deployment = {
  id: deploymentId,
  appId,
  projectId,
  state: 'live',
  failure: null,
  source: {
    type: 'archive',
    digest: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
    gitUrl: null,
    gitRef: null,
    gitCommit: null,
  },
  rollbackOf: null,
  url,
  instance: {
    id: instanceId,
    state: 'healthy',
    observedAt: live,
    memoryLimit: 'cgroup',
    restarts: 1,
    lastExit: { detail: 'exited with code 1', exitedAt: created },
  },
  createdAt: created,
  updatedAt: live,
  liveAt: live,
};
export const logChunk = { text: 'listening on 20000\n', startOffset: 0, nextOffset: 19, ended: false };

export const metrics = {
  appId,
  from: created,
  to: live,
  stepSeconds: 30,
  retentionDays: 7,
  points: [{ at: created, cpuSeconds: 0.42, memoryBytesMean: 41_943_040, memoryBytesMax: 44_040_192 }],
};
export const activity = {
  id: instanceId,
  type: 'capsule.deploy.deployment.went-live.v1',
  appId,
  deploymentId,
  summary: 'A deployment went live',
  occurredAt: live,
};

export const dashboard = {
  id: '0192f0c2-a0c1-7d2e-9f3a-4b5c6d7e8f07',
  name: 'Production',
  widgets: [{ kind: 'cpu', title: 'CPU', appId, place: { column: 0, row: 0, width: 6, height: 4 } }],
  createdAt: created,
  updatedAt: live,
};
const workSessionId = '0192f0c2-b1d2-7e3f-8a4b-5c6d7e8f9a08';
export const workSession = { id: workSessionId, userId, client: 'cli', startedAt: created, endedAt: live };
export const toolMetric = {
  id: '0192f0c2-c2e3-7f40-9b5c-6d7e8f9a0b09',
  workSessionId,
  tool: 'capsule.deploy',
  durationMs: 5_300,
  succeeded: true,
  usedAt: live,
};

export const entitlements = {
  maxProjects: 3,
  maxApps: 5,
  maxConcurrentBuilds: 1,
  maxInstanceMemoryBytes: 536_870_912,
  metricsRetentionDays: 7,
};
export const plan = {
  code: 'free',
  name: 'Free',
  entitlements,
  prices: [
    {
      currency: 'EUR',
      monthlyAmountMinor: '0',
      usage: [{ meter: 'cpu_seconds', includedQuantity: '36000', unitAmountMinor: '0.002' }],
    },
  ],
};
export const subscription = {
  planCode: 'free',
  currency: 'EUR',
  status: 'active',
  currentPeriodStart: periodStart,
  currentPeriodEnd: periodEnd,
  entitlements,
};
export const usage = {
  periodStart,
  periodEnd,
  meters: [{ meter: 'cpu_seconds', quantity: '12.75', apps: [{ appId, quantity: '12.75' }] }],
};
export const upcomingInvoice = {
  currency: 'EUR',
  planCode: 'free',
  periodStart,
  periodEnd,
  lines: [
    {
      kind: 'subscription',
      description: 'Free, monthly',
      meter: null,
      quantity: '1',
      includedQuantity: '0',
      unitAmountMinor: '0',
      amountMinor: '0',
    },
  ],
  totalAmountMinor: '0',
};
