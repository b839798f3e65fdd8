/** `npm run db:seed` on a whole platform, run as people run it: killed in between, to its end, and once more. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { json } from 'node:stream/consumers';
import type {
  deploymentList,
  invoiceGetUpcoming,
  metricQuery,
  projectList,
  ResponseOf,
  SeedOrganization,
  sessionSignIn,
  userGetCurrent,
  workSessionList,
} from '@capsule/contracts';
import type { DatabaseReport } from '@capsule/database/report';
import { testPorts } from '@capsule/testing/test-ports';
import { Api } from '../api/api.js';
import { changedTables, RowDigests } from '../isolation/row-digests.fixture.js';
import { demoPlan } from '../seed/demo-plan.js';
import { type PrivatePlatform, startPrivatePlatform } from '../supervisor/private-platform.js';

const workspace = resolve(import.meta.dirname, '../../..');
const START_MS = 180_000;
const RUN_MS = 120_000;
const PASSWORD = 'capsule-demo';

type Projects = ResponseOf<typeof projectList>;
type Deployments = ResponseOf<typeof deploymentList>;
type Invoice = ResponseOf<typeof invoiceGetUpcoming>;
type WorkSessions = ResponseOf<typeof workSessionList>;

describe('the seeds', () => {
  const plan = demoPlan(new Date(), 1);
  const [, studio, freight] = plan.organizations as [SeedOrganization, SeedOrganization, SeedOrganization];
  let running: PrivatePlatform;
  let digests: RowDigests[];

  beforeAll(async () => {
    running = await startPrivatePlatform({
      workspace,
      name: 'e2e-seeds',
      firstPort: testPorts('seeds.spec')[0],
      reporter: { step: () => {}, note: () => {}, failure: () => {}, summary: () => {} },
      variables: { AUTH_SERVICE_BCRYPT_COST: '4', GATEWAY_LIMIT_PER_MINUTE: '100000' },
    });
  }, START_MS);
  afterAll(async () => {
    await Promise.all((digests ?? []).map((each) => each.close()));
    await running?.stop();
  }, START_MS);

  /** @param killAt the run is killed, with the service at work, as soon as it has told this */
  async function seed(variables: Record<string, string> = {}, killAt?: RegExp) {
    const child = spawn(process.execPath, [join(workspace, 'tools/dist/seed.js')], {
      env: { ...running.source, CAPSULE_HOME: running.home.path, ...variables },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    let [output, progress] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => {
      progress += chunk.toString();
      if (killAt?.test(progress)) process.kill(-(child.pid as number), 'SIGKILL');
    });
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, output, progress };
  }

  async function signIn(email: string): Promise<Api> {
    const anonymous = new Api(running.gatewayUrl);
    const credentials = { email, password: PASSWORD };
    const tokens = await anonymous.post<ResponseOf<typeof sessionSignIn>>('/v1/auth/sign-in', credentials);
    return anonymous.as(tokens.accessToken);
  }
  const ownerOf = ({ members }: SeedOrganization) => signIn(members[0].email);

  it(
    'are completed by the next run when one was killed, and the run tells who may sign in',
    async () => {
      const killed = await seed({}, /deploy\n[^]*1\/3 Bluebird/);
      expect(killed.code).toBeNull();
      const { code, output, progress } = await seed();
      expect(progress).toMatch(/auth\n {2}1\/3 Bluebird Bakery: nothing new/);
      expect(progress).toMatch(/monitor\n {2}1\/3 Bluebird Bakery: \d+ rows/);
      expect({ code, progress }).toMatchObject({ code: 0 });
      for (const { email } of plan.organizations.flatMap(({ members }) => members)) {
        expect(output).toContain(email);
      }
      digests = await Promise.all(
        plan.organizations.map(({ id, members }) => RowDigests.open(running, id, members[0].userId)),
      );
      await Promise.all(digests.map((each) => each.settled()));
    },
    RUN_MS,
  );

  it(
    'change nothing when they are there, and say so',
    async () => {
      const before = await Promise.all(digests.map((each) => each.read()));
      const { code, output } = await seed();
      expect(code).toBe(0);
      expect(output).toMatch(/nothing was changed/);
      const after = await Promise.all(digests.map((each) => each.read()));
      expect(before.map((each, index) => changedTables(each, after[index] ?? {}))).toEqual([[], [], []]);
      expect(Object.keys(after[2] ?? {}).length).toBeGreaterThan(20);
    },
    RUN_MS,
  );

  it('have people who can sign in, each in their role', async () => {
    for (const member of freight.members) {
      const api = await signIn(member.email);
      const me = await api.get<ResponseOf<typeof userGetCurrent>>('/v1/auth/me');
      expect(me).toMatchObject({ user: { id: member.userId }, role: member.role });
      expect(me.organization).toMatchObject({ id: freight.id, name: freight.name });
    }
  });

  it('show each organization its own and nothing of the others', async () => {
    for (const organization of plan.organizations) {
      const api = await ownerOf(organization);
      const projects = await api.get<Projects>('/v1/projects');
      expect(new Set(projects.items.map(({ id }) => id))).toEqual(
        new Set(organization.projects.map(({ id }) => id)),
      );
      const sessions = await api.get<WorkSessions>('/v1/work-sessions');
      const members = new Set(organization.members.map(({ userId }) => userId));
      expect(sessions.items.length).toBeGreaterThan(0);
      expect(sessions.items.filter(({ userId }) => !members.has(userId))).toEqual([]);
      for (const other of plan.organizations.filter((each) => each !== organization)) {
        const foreign = api.get(`/v1/projects/${other.projects[0]?.id}`);
        await expect(foreign).rejects.toMatchObject({ status: 404 });
      }
    }
  });

  it('have every deployment of the plan, ended and with nothing that runs', async () => {
    const api = await ownerOf(studio);
    for (const app of studio.projects.flatMap(({ apps }) => apps)) {
      const { items } = await api.get<Deployments>(`/v1/apps/${app.id}/deployments?limit=100`);
      expect(items.map(({ id }) => id)).toEqual(app.deployments.map(({ id }) => id).reverse());
      const states = new Set(items.map(({ state }) => state));
      expect([...states].filter((state) => !isEnd(state))).toEqual([]);
      const served = items.filter(({ liveAt }) => liveAt !== null);
      expect(served.map(({ state }) => state)).toEqual([
        'deactivated',
        ...served.slice(1).map(() => 'superseded'),
      ]);
    }
    const left = await digests[1]
      ?.client('deploy')
      .query('SELECT FROM work_items UNION ALL SELECT FROM instances');
    expect(left?.rowCount).toBe(0);
  });

  it('are billed: the invoice to come sums what the ledger has of its period', async () => {
    for (const [index, organization] of plan.organizations.entries()) {
      const api = await ownerOf(organization);
      const invoice = await api.get<Invoice>('/v1/billing/invoices/upcoming');
      expect(invoice.planCode).toBe(organization.planCode);
      const sum = invoice.lines.reduce((total, { amountMinor }) => total + BigInt(amountMinor), 0n);
      expect(String(sum)).toBe(invoice.totalAmountMinor);
      const used = await digests[index]?.client('billing').query<{ meter: string; quantity: string }>(
        `SELECT meter, sum(quantity)::float8 AS quantity FROM usage_records
         WHERE tenant_id = $1 AND window_start >= $2 GROUP BY meter`,
        [organization.id, invoice.periodStart],
      );
      for (const { meter, quantity } of used?.rows ?? []) {
        expect(Number(invoice.lines.find((line) => line.meter === meter)?.quantity)).toBeCloseTo(
          Number(quantity),
        );
      }
      const wentLive = organization.projects
        .flatMap(({ apps }) => apps.flatMap(({ deployments }) => deployments))
        .filter(({ outcome, requestedAt }) => outcome === 'live' && requestedAt >= invoice.periodStart);
      const billed = invoice.lines.find(({ meter }) => meter === 'deployments');
      expect(Number(billed?.quantity)).toBe(wentLive.length);
    }
  });

  it('have the rhythm of days: the busiest hour of a weekday uses several times what a night does', async () => {
    const api = await ownerOf(freight);
    const app = freight.projects[0]?.apps[0];
    const query = new URLSearchParams({
      from: new Date(Date.parse(plan.until) - 29 * 86_400_000).toISOString(),
      to: plan.until,
      stepSeconds: '3600',
    });
    const { points } = await api.get<ResponseOf<typeof metricQuery>>(`/v1/apps/${app?.id}/metrics?${query}`);
    const at = (hour: number) => points.filter((point) => new Date(point.at).getUTCHours() === hour);
    const mean = (hour: number) =>
      at(hour).reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0) / at(hour).length;
    expect(mean(10)).toBeGreaterThan(3 * mean(3));
  });

  it('leave databases in which the report finds nothing to be mended', async () => {
    const reading = spawn(process.execPath, [join(workspace, 'tools/dist/report.js'), '--json'], {
      env: running.source,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const outcomes = (await json(reading.stdout)) as { service: string; report: DatabaseReport }[];
    expect(outcomes).toHaveLength(4);
    const warnings = outcomes.flatMap(({ service, report: { sections } }) =>
      Object.entries(sections)
        // How long statements take is this machine's affair, and other specs run beside.
        .filter(([section]) => section !== 'statements')
        .flatMap(([section, { findings }]) =>
          findings
            .filter(({ severity }) => severity === 'warning')
            .map((each) => ({ service, section, ...each })),
        ),
    );
    expect(warnings).toEqual([]);
    const [samples] =
      outcomes.find(({ service }) => service === 'monitor')?.report.sections.partitions.figures ?? [];
    expect(samples).toMatchObject({ table: 'samples', isDefaultAhead: false });
  });

  it('are refused in production', async () => {
    const { code, progress } = await seed({ NODE_ENV: 'production' });
    expect(code).toBe(2);
    expect(progress).toMatch(/NODE_ENV is production.*--force/);
  });
});

function isEnd(state: string): boolean {
  return /^(superseded|deactivated|canceled|build_failed|update_failed)$/.test(state);
}
