/**
 * Compares what the engine sees running with what the database believes, and sets right what differs:
 *   lost     an instance ended on its own: its end is recorded, a live deployment gets another one after a pause
 *   orphan   it was recorded as ended and is there still (a crash at the wrong moment): it is stopped and forgotten
 *   unknown  no row tells of it (an older copy of the database was restored): stopped after a time of grace
 * The engine lists only what it started itself, so nothing else can be hit.
 *
 * A look sees everything, so one at a time is enough, and one more for all that ended while it was under way.
 */
import { Inject, Injectable, Logger } from '@nestjs/common';
import { Database } from '@capsule/database';
import { runInContext } from '@capsule/telemetry';
import { randomUUID } from 'node:crypto';
import { AppService } from '../../apps/app.service.js';
import { config, type DeploySettings } from '../../config.js';
import { DeploymentRepository } from '../deployment.repository.js';
import { Edge } from '../../edge/edge.js';
import { ENGINE, type Engine, type Observation } from '../../engine/engine.js';
import { InstanceRepository } from '../instances/instance.repository.js';
import { InstanceService } from '../instances/instance.service.js';
import { WorkQueue } from '../../work/work-queue.js';

const LOOK_EVERY_MS = 10_000;
const UNKNOWN_GRACE_MS = 60_000;

interface Difference {
  instanceId: string;
  tenantId: string | null;
  verdict: 'lost' | 'orphan' | 'unknown';
}

const RECONCILE = {
  name: 'instance-reconcile',
  text: 'SELECT instance_id AS "instanceId", tenant_id AS "tenantId", verdict FROM instance_reconcile($1, $2)',
};

@Injectable()
export class InstanceReconciler {
  private readonly logger = new Logger(InstanceReconciler.name);
  private readonly unknownSince = new Map<string, number>();
  private timer: NodeJS.Timeout | undefined;
  private looking: Promise<void> | undefined;
  private lookAgain = false;
  private stopped = true;

  constructor(
    private readonly database: Database,
    private readonly apps: AppService,
    private readonly deployments: DeploymentRepository,
    private readonly instances: InstanceRepository,
    private readonly instanceService: InstanceService,
    private readonly queue: WorkQueue,
    private readonly edge: Edge,
    @Inject(ENGINE) private readonly engine: Engine,
    @Inject(config.KEY) private readonly settings: DeploySettings,
  ) {}

  start(): void {
    this.stopped = false;
    this.engine.onExit(() => this.wake());
    this.wake();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.looking;
  }

  private wake(): void {
    if (this.stopped) return;
    this.lookAgain = true;
    this.looking ??= this.look();
  }

  private async look(): Promise<void> {
    clearTimeout(this.timer);
    while (this.lookAgain && !this.stopped) {
      this.lookAgain = false;
      await this.compare().catch((error: unknown) =>
        this.logger.warn('Could not compare the instances', error),
      );
    }
    // At once and not when the promise is settled: who wakes it in between would be overheard.
    this.looking = undefined;
    if (!this.stopped) this.timer = setTimeout(() => this.wake(), LOOK_EVERY_MS);
  }

  private async compare(): Promise<void> {
    const known = await this.engine.list();
    const running = await this.runningOf(known);
    const differences = await this.database.withoutTenant((tx) =>
      tx.query<Difference>(RECONCILE, [known, running]),
    );
    const of = (verdict: Difference['verdict']) => differences.filter((each) => each.verdict === verdict);
    const [lost, orphans] = [of('lost'), of('orphan')];
    const recorded: Difference[] = [];
    for (const each of lost) {
      await this.settle(each, async () => {
        if (await this.recordEnd(each)) recorded.push(each);
      });
    }
    // For all together, and before any is stopped: with that its port is anybody's, and nothing may lead there.
    if (lost.length + orphans.length > 0) await this.edge.apply();
    for (const each of recorded) {
      await this.settle(each, () => this.engine.stop(each.instanceId, { graceSeconds: 0 }));
    }
    for (const each of orphans) await this.settle(each, () => this.stopOrphan(each));
    for (const each of of('unknown')) await this.settle(each, () => this.stopUnknown(each));
    for (const id of this.unknownSince.keys()) if (!known.includes(id)) this.unknownSince.delete(id);
  }

  private async runningOf(known: readonly string[]): Promise<string[]> {
    const seen = await Promise.all(known.map((instanceId) => this.engine.observe(instanceId)));
    return known.filter((_, index) => seen[index]?.state === 'running');
  }

  /** One that can't be set right holds up no other: it differs still at the next look. */
  private async settle(difference: Difference, work: () => Promise<void>): Promise<void> {
    const { instanceId, tenantId, verdict } = difference;
    const context = {
      requestId: randomUUID(),
      tenantId: tenantId ?? undefined,
      actor: { type: 'system', id: 'deploy-reconciler' },
    } as const;
    await runInContext(context, work).catch((error: unknown) =>
      this.logger.warn('Could not set an instance right', error, { instanceId, verdict }),
    );
  }

  /** @returns whether it is known as ended now; the end of some is the business of others */
  private async recordEnd({ tenantId, instanceId }: Difference): Promise<boolean> {
    const seen = await this.engine.observe(instanceId);
    if (seen.state === 'running' || tenantId === null) return false;
    const detail = detailOf(seen);
    const deploymentId = await this.database.withTenant(tenantId, async (tx) => {
      const found = await this.instances.findById(tx, instanceId);
      if (!found) return null;
      await this.apps.lock(tx, found.appId);
      const instance = await this.instances.findById(tx, instanceId);
      if (instance?.state === 'draining') {
        await this.instances.updateExited(tx, instanceId, detail);
        await this.queue.remove(tx, instanceId);
      } else if (instance?.state === 'healthy') {
        const deployment = await this.deployments.findById(tx, instance.deploymentId);
        // Of an update that is switching: its own step sees the end and decides.
        if (deployment?.state === 'update_in_progress') return null;
        await this.instanceService.replace(tx, instance, detail);
      } else {
        return null;
      }
      return instance.deploymentId;
    });
    if (deploymentId === null) return false;
    this.logger.warn('An instance ended', { instanceId, detail });
    this.engine.openLog(deploymentId).write(`[capsule] the instance ended: ${detail}`);
    return true;
  }

  private async stopOrphan({ instanceId }: Difference): Promise<void> {
    this.logger.warn('An instance is there although it has ended: it is stopped', { instanceId });
    await this.engine.stop(instanceId, { graceSeconds: this.settings.limits.drainSeconds });
  }

  private async stopUnknown({ instanceId }: Difference): Promise<void> {
    const since = this.unknownSince.get(instanceId);
    if (since === undefined) {
      this.unknownSince.set(instanceId, Date.now());
    } else if (Date.now() - since > UNKNOWN_GRACE_MS) {
      this.logger.warn('An instance is in no row: it is stopped', { instanceId });
      await this.engine.stop(instanceId, { graceSeconds: this.settings.limits.drainSeconds });
    }
  }
}

function detailOf(seen: Observation): string {
  if (seen.state !== 'exited') return 'it is gone';
  return seen.exit.reason === 'memory_exceeded' ? `memory exceeded (${seen.exit.detail})` : seen.exit.detail;
}
