import {
  Counter,
  type CounterConfiguration,
  Gauge,
  type GaugeConfiguration,
  Histogram,
  type HistogramConfiguration,
  Registry,
} from 'prom-client';

/** The metrics of this process. */
export const registry = new Registry();

type MetricName = `capsule_${string}`;
type Named<Configuration> = Omit<Configuration, 'name' | 'registers'> & { name: MetricName };

// One process may build a module more than once (specs do): the same name then means the same metric, except for a gauge,
// whose collector has to read the new owner.

export function counter<Label extends string = never>(
  options: Named<CounterConfiguration<Label>>,
): Counter<Label> {
  const known = registry.getSingleMetric(options.name);
  if (known instanceof Counter) return known;
  return new Counter({ ...options, registers: [registry] });
}

export function histogram<Label extends string = never>(
  options: Named<HistogramConfiguration<Label>>,
): Histogram<Label> {
  const known = registry.getSingleMetric(options.name);
  if (known instanceof Histogram) return known;
  return new Histogram({ ...options, registers: [registry] });
}

/** Give `collect` for a value that can be read when somebody scrapes; nothing then runs in between. */
export function gauge<Label extends string = never>(options: Named<GaugeConfiguration<Label>>): Gauge<Label> {
  registry.removeSingleMetric(options.name);
  return new Gauge({ ...options, registers: [registry] });
}

/** From a prepared statement on loopback to the longest time-out of a request. */
const DURATION_BUCKETS_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Rate, errors and duration of HTTP requests; `route` is the pattern, never the path, which is unbounded. */
export function httpRequestSeconds(): Histogram<'method' | 'route' | 'status'> {
  return histogram({
    name: 'capsule_http_request_duration_seconds',
    help: 'Duration of HTTP requests by method, route pattern and status',
    labelNames: ['method', 'route', 'status'],
    buckets: DURATION_BUCKETS_SECONDS,
  });
}

/** Rate, errors and duration of RPCs answered here; `outcome` is `ok` or the error code. */
export function rpcServerSeconds(): Histogram<'subject' | 'outcome'> {
  return histogram({
    name: 'capsule_rpc_server_duration_seconds',
    help: 'Duration of requests answered over NATS by subject and outcome',
    labelNames: ['subject', 'outcome'],
    buckets: DURATION_BUCKETS_SECONDS,
  });
}

/** Rate, errors and duration of RPCs sent from here; `outcome` is `ok` or the error code. */
export function rpcClientSeconds(): Histogram<'subject' | 'outcome'> {
  return histogram({
    name: 'capsule_rpc_client_duration_seconds',
    help: 'Duration of requests sent over NATS by subject and outcome',
    labelNames: ['subject', 'outcome'],
    buckets: DURATION_BUCKETS_SECONDS,
  });
}
