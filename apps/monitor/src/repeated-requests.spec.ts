import { randomUUID } from 'node:crypto';
import {
  dashboardCreate,
  endpoints,
  honoursIdempotencyKey,
  type RequestInputOf,
  type RpcContract,
  toolMetricCreate,
  workSessionCreate,
  workSessionEnd,
} from '@capsule/contracts';
import { MonitorFixture } from './monitor.fixture.js';

describe('a request of monitor that is repeated under its key', () => {
  let monitor: MonitorFixture;
  let tenantId: string;
  const ada = { userId: randomUUID(), role: 'developer' as const };
  const keep = <C extends RpcContract>(contract: C, request: RequestInputOf<C>, idempotencyKey?: string) =>
    monitor.ask(contract, request, tenantId, { ...ada, idempotencyKey });

  beforeAll(async () => {
    monitor = await MonitorFixture.start();
    tenantId = await monitor.tellOfOrganization();
    await monitor.provision();
  });
  afterAll(() => monitor?.close());

  it('is answered as before, and another under the same key is refused, of every kind that takes one', async () => {
    const { id: workSessionId } = await keep(workSessionCreate, { client: 'cli' });
    const use = { workSessionId, tool: 'build', durationMs: 5, succeeded: true };
    const kinds: [RpcContract, object, object][] = [
      [dashboardCreate, { name: 'Once', widgets: [] }, { name: 'Another', widgets: [] }],
      [workSessionCreate, { client: 'cli' }, { client: 'console' }],
      [workSessionEnd, { workSessionId }, { workSessionId: randomUUID() }],
      [toolMetricCreate, use, { ...use, tool: 'test' }],
    ];
    const taking = endpoints.filter(honoursIdempotencyKey).map(({ rpc }) => rpc);
    expect(kinds.map(([{ subject }]) => subject).sort()).toEqual(
      taking.flatMap(({ service, subject }) => (service === 'monitor' ? subject : [])).sort(),
    );

    for (const [contract, request, another] of kinds) {
      const key = randomUUID();
      const first = await keep(contract, request, key);
      expect(await keep(contract, request, key)).toEqual(first);
      await expect(keep(contract, another, key)).rejects.toMatchObject({
        code: 'platform.request.idempotency_key_reused',
      });
    }
  });
});
