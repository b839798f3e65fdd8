import { counter, histogram } from '@capsule/telemetry';
import type { Outcome } from './tenant-schema-maker.js';

const outcomes = counter({
  name: 'capsule_provisioner_tenants_total',
  help: "Attempts at a tenant's schema by how they ended",
  labelNames: ['outcome'],
});

const seconds = histogram({
  name: 'capsule_provisioner_tenant_seconds',
  help: "Time that a tenant's schema took to be ready",
  buckets: [0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 5, 30],
});

export function observeOutcome(outcome: Outcome['kind'], tookMs: number): void {
  outcomes.inc({ outcome });
  if (outcome === 'done') seconds.observe(tookMs / 1000);
}
