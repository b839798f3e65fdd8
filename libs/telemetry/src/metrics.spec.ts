import { counter, gauge, histogram, httpRequestSeconds, registry } from './metrics.js';
import { collectProcessMetrics } from './process-metrics.js';

describe('Metrics', () => {
  it('of the process are read when somebody scrapes; nothing runs in between', async () => {
    const before = process.getActiveResourcesInfo().length;
    collectProcessMetrics();
    collectProcessMetrics();
    expect(process.getActiveResourcesInfo()).toHaveLength(before);
    const read = async (name: string) =>
      Number(new RegExp(`^${name} (.+)$`, 'm').exec(await registry.metrics())?.[1]);
    expect(await read('process_resident_memory_bytes')).toBeGreaterThan(10_000_000);
    expect(await read('process_start_time_seconds')).toBeLessThanOrEqual(Date.now() / 1_000);
    const cpuSeconds = await read('process_cpu_seconds_total');
    for (const until = Date.now() + 50; Date.now() < until;);
    expect(await read('process_cpu_seconds_total')).toBeGreaterThan(cpuSeconds);
  });

  it('keep counting under one name when a module is built twice, and a gauge reads its newest owner', async () => {
    counter({ name: 'capsule_test_total', help: 'x' }).inc();
    counter({ name: 'capsule_test_total', help: 'x' }).inc();
    const collectors = [1, 2].map((value) =>
      gauge({
        name: 'capsule_test_size',
        help: 'x',
        collect() {
          this.set(value);
        },
      }),
    );
    expect(collectors).toHaveLength(2);
    expect(histogram({ name: 'capsule_test_seconds', help: 'x' })).toBe(
      histogram({ name: 'capsule_test_seconds', help: 'x' }),
    );
    const text = await registry.metrics();
    expect(text).toContain('capsule_test_total 2');
    expect(text).toContain('capsule_test_size 2');
  });

  it('of requests have rate, errors and duration by route', async () => {
    httpRequestSeconds().observe({ method: 'GET', route: '/v1/projects/:projectId', status: 404 }, 0.004);
    const text = await registry.metrics();
    const labels = 'method="GET",route="/v1/projects/:projectId",status="404"';
    expect(text).toContain(`capsule_http_request_duration_seconds_count{${labels}} 1`);
    expect(text).toContain(`capsule_http_request_duration_seconds_bucket{le="0.005",${labels}} 1`);
    expect(text).toContain(`capsule_http_request_duration_seconds_bucket{le="0.0025",${labels}} 0`);
  });
});
