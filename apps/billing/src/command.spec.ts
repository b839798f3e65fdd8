import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { organizationCreated, subscriptionGet, usageGet, usageRecorded } from '@capsule/contracts';
import { DeadLetters, deadLetterCommand } from '@capsule/outbox';
import {
  createTestDatabase,
  eventually,
  startTestNats,
  type TestDatabase,
  type TestNats,
  TestService,
} from '@capsule/testing';

const program = fileURLToPath(new URL('../dist/command.js', import.meta.url));

describe('command dead-letters', () => {
  let database: TestDatabase;
  let nats: TestNats;
  let billing: TestService;

  beforeAll(async () => {
    [database, nats] = await Promise.all([createTestDatabase('billing'), startTestNats()]);
    billing = await TestService.start({
      service: 'billing',
      module: async () => (await import('./app.module.js')).AppModule,
      database,
      nats,
      environment: { EVENT_MAX_ATTEMPTS: '1' },
    });
  });

  afterAll(async () => {
    await billing?.close();
    await nats?.close();
    await database?.close();
  });

  async function command(...options: string[]): Promise<{ code: number; output: string }> {
    const lines: string[] = [];
    const code = await deadLetterCommand(billing.app.get(DeadLetters), options, (line) => lines.push(line));
    return { code, output: lines.join('\n') };
  }

  const as = (tenantId: string) => ({
    tenantId,
    actor: { type: 'user' as const, id: randomUUID(), role: 'owner' },
  });

  it('lists what was given up on, and replays it once its cause is gone', async () => {
    const tenantId = randomUUID();
    const now = new Date().toISOString();
    const quantities = [{ meter: 'cpu_seconds' as const, quantity: '5' }];
    const usage = { appId: randomUUID(), windowStart: now, windowEnd: now, quantities };
    const eventId = await billing.emit(usageRecorded, usage, { tenantId });
    const line = await eventually(async () => {
      const { output } = await command('dead-letters', 'list');
      expect(output).toContain(eventId);
      return output.split('\n').find((each) => each.includes(eventId)) ?? '';
    });
    expect(line).toContain('billing.customer.not_ready');
    const [id = ''] = line.split('\t');

    const tooEarly = await command('dead-letters', 'replay', id);
    expect(tooEarly).toMatchObject({
      code: 1,
      output: expect.stringContaining('0 replayed, 1 failed again'),
    });

    const organization = { organizationId: tenantId, name: 'Acme', slug: 'acme', ownerUserId: randomUUID() };
    const data = { ...organization, ownerEmail: 'ada@example.com', createdAt: now };
    await billing.emit(organizationCreated, data, { tenantId });
    await eventually(() => billing.call(subscriptionGet, {}, as(tenantId)));
    expect(await command('dead-letters', 'replay', id)).toMatchObject({
      code: 0,
      output: expect.stringContaining('1 replayed'),
    });
    const { meters } = await billing.call(usageGet, {}, as(tenantId));
    expect(meters[0]).toMatchObject({ meter: 'cpu_seconds', quantity: '5' });

    expect(await command('dead-letters', 'replay', id)).toMatchObject({ code: 1 });
    expect((await command('dead-letters', 'list')).output).not.toContain(id);
    expect((await command('dead-letters', 'list', '--replayed')).output).toContain(id);
  });

  it.each([[[]], [['dead-letters', 'replay']], [['letters', 'list']], [['dead-letters', 'list', 'x']]])(
    'explains itself for %j',
    async (options) => {
      const { code, output } = await command(...options);
      expect(code).toBe(2);
      expect(output).toContain('usage');
    },
  );

  it('runs as a process of its own beside the service', async () => {
    const list = [program, 'dead-letters', 'list', '--replayed'];
    // Jest's process.env is a copy, which a child would not get by itself.
    const { stdout } = await promisify(execFile)(process.execPath, list, { env: process.env });
    expect(stdout).toMatch(/^1 dead letters$/m);
  });
});
