/**
 * The whole story on real processes: five services and their servers, started by the supervisor as `npm start` does,
 * driven through the gateway as people drive it.
 */
import { resolve } from 'node:path';
import {
  type activityList,
  type appDeactivate,
  type invoiceGetUpcoming,
  type metricQuery,
  type ResponseOf,
  type usageGet,
} from '@capsule/contracts';
import { testPorts } from '@capsule/testing/test-ports';
import { Api, ApiError } from '../api/api.js';
import { packFolder } from '../api/pack-folder.js';
import { type PrivatePlatform, startPrivatePlatform } from '../supervisor/private-platform.js';
import { connectAsSuperuser } from '../supervisor/servers/postgres.js';
import { type Deployment, ended, readLog, signUpTeam, type Team, until, visit } from './team.fixture.js';
import { TraceCollector } from './trace-collector.js';

const workspace = resolve(import.meta.dirname, '../../..');
const START_MS = 180_000;
/** The default of DATABASE_POOL_MAX. */
const CONNECTIONS_OF_A_POOL = 10;

describe('the platform', () => {
  let running: PrivatePlatform;
  let acme: Team;
  let live: Deployment;
  let archive: Buffer;
  let collector: TraceCollector;

  beforeAll(async () => {
    const silent = { step: () => {}, note: () => {}, failure: () => {}, summary: () => {} };
    collector = await TraceCollector.start();
    running = await startPrivatePlatform({
      workspace,
      name: 'e2e',
      firstPort: testPorts('thread.spec')[0],
      reporter: silent,
      variables: {
        AUTH_SERVICE_BCRYPT_COST: '4',
        DEPLOY_SERVICE_SAMPLE_INTERVAL_SECONDS: '1',
        MONITOR_SERVICE_USAGE_WINDOW_SECONDS: '5',
        GATEWAY_LIMIT_PER_MINUTE: '100000',
        GATEWAY_STRICT_LIMIT_PER_MINUTE: '1000',
        DEPLOY_SERVICE_HEALTH_TIMEOUT_SECONDS: '15',
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
      },
    });
    archive = await packFolder(resolve(workspace, 'examples/hello-node'));
    acme = await signUpTeam(running.gatewayUrl, 'Acme');
  }, START_MS);
  afterAll(async () => {
    await running?.stop();
    collector.stop();
  }, START_MS);

  it('brings an uploaded archive to an app that answers on its own host name', async () => {
    expect(acme.app.url).toBe(`http://hello-acme.localhost:${running.settings.edge.port}`);
    expect((await visit(acme.app.url)).status).toBe(404);
    const created = await acme.api.postArchive<Deployment>(`/v1/apps/${acme.app.id}/deployments`, archive);
    expect(created.state).toBe('created');
    live = await ended(acme.api, created.id);
    expect(live).toMatchObject({ state: 'live', failure: null, instance: { state: 'healthy' } });
    expect(live.instance?.memoryLimit).toMatch(/^(cgroup|watchdog)$/);
    expect((await visit(`${acme.app.url}/health`)).status).toBe(200);
  }, 60_000);

  it('measures the app, reports its usage and puts it on the invoice preview', async () => {
    type Metrics = ResponseOf<typeof metricQuery>;
    const metrics = await until(
      () => acme.api.get<Metrics>(`/v1/apps/${acme.app.id}/metrics?stepSeconds=10`),
      (answer) => answer.points.some((point) => point.cpuSeconds > 0),
    );
    expect(Math.max(...metrics.points.map((point) => point.memoryBytesMax))).toBeGreaterThan(1_000_000);

    type Usage = ResponseOf<typeof usageGet>;
    const usage = await until(
      () => acme.api.get<Usage>('/v1/billing/usage'),
      (answer) => answer.meters.every((meter) => Number(meter.quantity) > 0),
    );
    expect(usage.meters.flatMap((meter) => meter.apps.map((app) => app.appId))).toEqual(
      expect.arrayContaining([acme.app.id]),
    );

    const invoice = await acme.api.get<ResponseOf<typeof invoiceGetUpcoming>>(
      '/v1/billing/invoices/upcoming',
    );
    const sum = invoice.lines.reduce((total, line) => total + BigInt(line.amountMinor), 0n);
    expect(invoice.totalAmountMinor).toBe(sum.toString());
    expect(invoice.lines.find((line) => line.meter === 'memory_gib_hours')?.quantity).not.toBe('0');
  }, 60_000);

  it('streams the log with offsets that a reader resumes from', async () => {
    const read = (headers: Record<string, string> = {}) =>
      readLog(running.gatewayUrl, acme, live.id, headers);
    const { contentType, text: whole } = await read();
    expect(contentType).toContain('text/event-stream');
    expect(whole).toContain('[capsule] live');
    const ids = [...whole.matchAll(/^id: (\d+)$/gm)].map((match) => match[1] ?? '');
    expect(ids.length).toBeGreaterThan(0);
    expect((await read({ 'last-event-id': ids.at(-1) ?? '' })).text).not.toContain('[capsule] live');
  }, 30_000);

  it('makes one deployment of a request that is repeated under its idempotency key', async () => {
    const key = 'deploy-once-0001';
    const send = () =>
      fetch(`${running.gatewayUrl}/v1/apps/${acme.app.id}/deployments`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${acme.signedUp.accessToken}`,
          'content-type': 'application/gzip',
          'idempotency-key': key,
        },
        body: new Uint8Array(archive),
      }).then((response) => response.json() as Promise<Deployment>);
    const [first, second] = [await send(), await send()];
    expect(second.id).toBe(first.id);
    expect((await ended(acme.api, first.id)).state).toBe('live');
    const before = await acme.api.get<Deployment>(`/v1/deployments/${live.id}`);
    expect(before.state).toBe('superseded');
  }, 60_000);

  it('rolls back to the artifact of an earlier deployment', async () => {
    const back = await acme.api.post<Deployment>(`/v1/deployments/${live.id}/rollback`, {});
    expect(back.rollbackOf).toBe(live.id);
    expect((await ended(acme.api, back.id)).state).toBe('live');
    expect((await visit(`${acme.app.url}/health`)).status).toBe(200);
  }, 60_000);

  it('finishes a deployment whose service was killed in the middle of it', async () => {
    const deploy = running.platform.processes.find((each) => each.name === 'deploy');
    const created = await acme.api.postArchive<Deployment>(`/v1/apps/${acme.app.id}/deployments`, archive);
    process.kill(deploy?.pid ?? 0, 'SIGKILL');
    const resumed = await until(
      () => ended(acme.api, created.id).catch(() => undefined),
      (deployment) => deployment !== undefined,
    );
    expect(resumed?.state).toBe('live');
    expect((await visit(`${acme.app.url}/health`)).status).toBe(200);
  }, 120_000);

  it('keeps the app answering while every service is killed', async () => {
    for (const name of ['gateway', 'auth', 'billing', 'deploy', 'monitor']) {
      process.kill(running.platform.processes.find((each) => each.name === name)?.pid ?? 0, 'SIGKILL');
    }
    expect((await visit(`${acme.app.url}/health`)).status).toBe(200);
    // One route of each service: they come back on their own, one after the other.
    for (const path of ['/v1/auth/me', '/v1/billing/usage', '/v1/projects', '/v1/activities']) {
      await until(
        () => acme.api.get(path).catch(() => undefined),
        (answer) => answer !== undefined,
      );
    }
  }, 120_000);

  it('traces a request through the gateway, its service, SQL and the events it caused', async () => {
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    const response = await fetch(`${running.gatewayUrl}/v1/auth/sign-up`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', traceparent: `00-${traceId}-00f067aa0ba902b7-01` },
      body: JSON.stringify({
        email: 'traced@example.com',
        password: 'a long enough password',
        name: 'Ada',
        organizationName: 'Traced',
      }),
    });
    expect(response.status).toBe(201);
    const services = ['auth', 'billing', 'deploy', 'gateway', 'monitor'].map((name) => `capsule-${name}`);
    const spans = await until(
      () => Promise.resolve(collector.spans.filter((span) => span.traceId === traceId)),
      (found) => services.every((service) => found.some((span) => span.service === service)),
    );
    const names = spans.map((span) => span.name);
    expect(names).toContain('capsule.rpc.auth.user.sign-up.v1');
    expect(names).toContain('billing-on-auth-organization-created-v1');
    // The second step of the chain: billing's own event, caused by the first.
    expect(names).toContain('deploy-on-billing-entitlements-changed-v1');
    expect(names).toContain('postgres');
  }, 30_000);

  it('tells what happened in order', async () => {
    type Activities = ResponseOf<typeof activityList>;
    const { items } = await until(
      () => acme.api.get<Activities>('/v1/activities'),
      (answer) => answer.items.filter((item) => item.summary.endsWith('went live')).length === 4,
    );
    expect(items.at(-1)?.summary).toBe('hello was created');
  }, 30_000);

  it('answers 503 with a time to wait when every connection to a database is taken, and recovers', async () => {
    const { home, settings } = running;
    const cluster = settings.clusters.deploy;
    const blocker = await connectAsSuperuser(home, 'deploy', cluster, cluster.database);
    const listProjects = async () => {
      const response = await fetch(`${running.gatewayUrl}/v1/projects`, {
        headers: { authorization: `Bearer ${acme.signedUp.accessToken}` },
      });
      await response.arrayBuffer();
      return { status: response.status, retryAfter: response.headers.get('retry-after') };
    };
    try {
      await blocker.query('BEGIN; LOCK TABLE projects IN ACCESS EXCLUSIVE MODE');
      const startedAt = performance.now();
      const answers = Array.from({ length: CONNECTIONS_OF_A_POOL + 2 }, listProjects);
      expect(await Promise.race(answers)).toEqual({ status: 503, retryAfter: '1' });
      expect(performance.now() - startedAt).toBeLessThan(4_000);
      await blocker.query('ROLLBACK');
      const statuses = (await Promise.all(answers)).map(({ status }) => status);
      expect(statuses.filter((status) => status === 200).length).toBeGreaterThan(0);
      expect(new Set(statuses)).toEqual(new Set([200, 503]));
    } finally {
      await blocker.end();
    }
    expect((await listProjects()).status).toBe(200);
  }, 30_000);

  it('refuses what is malformed with a typed problem and stays up', async () => {
    const send = async (path: string, init: RequestInit) => {
      const response = await fetch(running.gatewayUrl + path, {
        ...init,
        headers: { authorization: `Bearer ${acme.signedUp.accessToken}`, ...init.headers },
      });
      const problem = (await response.json()) as { code: string };
      expect(response.headers.get('content-type')).toContain('application/problem+json');
      return [response.status, problem.code];
    };
    const json = { 'content-type': 'application/json' };
    const post = (body: string) => send('/v1/projects', { method: 'POST', headers: json, body });
    const deploy = (source: object) =>
      send(`/v1/apps/${acme.app.id}/deployments`, {
        method: 'POST',
        headers: json,
        body: JSON.stringify({ source }),
      });
    expect(await post('{"name":')).toEqual([400, 'platform.request.malformed']);
    expect(await post('{"name":7}')).toEqual([422, 'platform.request.invalid']);
    expect(await post('{"name":"a","colour":"red"}')).toEqual([422, 'platform.request.invalid']);
    expect(await post(JSON.stringify({ name: 'x'.repeat(10_000_000) }))).toEqual([
      413,
      'platform.request.too_large',
    ]);
    for (const url of [
      'file:///etc/passwd',
      'ext::sh -c id',
      'https://example.com/a;touch$IFS/tmp/x',
      '--upload-pack=x',
    ]) {
      expect(await deploy({ type: 'git', url })).toEqual([422, 'deploy.source.git_url_refused']);
    }
    expect(await send('/v1/nowhere', {})).toEqual([404, 'platform.route.not_found']);
  }, 30_000);

  it('fails a deployment of nonsense with its reason and keeps the live one serving', async () => {
    const created = await acme.api.postArchive<Deployment>(
      `/v1/apps/${acme.app.id}/deployments`,
      Buffer.from('this is no archive'),
    );
    const failed = await ended(acme.api, created.id);
    expect(failed).toMatchObject({ state: 'build_failed', failure: { reason: 'source_invalid' } });
    expect((await visit(`${acme.app.url}/health`)).status).toBe(200);
  }, 60_000);

  it('takes an app out of service when asked', async () => {
    const app = await acme.api.post<ResponseOf<typeof appDeactivate>>(
      `/v1/apps/${acme.app.id}/deactivate`,
      {},
    );
    expect(app.liveDeploymentId).toBeNull();
    await until(
      () => visit(acme.app.url),
      (answer) => answer.status === 404,
    );
  }, 60_000);

  it('refuses a repeated sign-up without telling more than that', async () => {
    const again = new Api(running.gatewayUrl).post('/v1/auth/sign-up', {
      email: 'ACME@example.com',
      password: 'a long enough password',
      name: 'Eve',
      organizationName: 'Eve',
    });
    await expect(again).rejects.toBeInstanceOf(ApiError);
    await expect(again).rejects.toMatchObject({ status: 409 });
  });
});
