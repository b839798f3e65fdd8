import { Injectable } from '@nestjs/common';
import { type Transaction, uuidv7 } from '@capsule/database';
import { In } from 'typeorm';
import type { InstanceAddress } from '../../engine/engine.js';
import { InstanceEntity } from './instance.entity.js';

@Injectable()
export class InstanceRepository {
  findById(tx: Transaction, id: string): Promise<InstanceEntity | null> {
    return tx.manager.findOneBy(InstanceEntity, { id });
  }

  /** The one instance of the deployment that starts or runs; there is never a second one. */
  findCurrent(tx: Transaction, deploymentId: string): Promise<InstanceEntity | null> {
    return tx.manager.findOneBy(InstanceEntity, { deploymentId, state: In(['starting', 'healthy']) });
  }

  isAnyRunning(tx: Transaction, deploymentId: string): Promise<boolean> {
    return tx.manager.existsBy(InstanceEntity, {
      deploymentId,
      state: In(['starting', 'healthy', 'draining']),
    });
  }

  async insert(
    tx: Transaction,
    instance: Pick<InstanceEntity, 'appId' | 'deploymentId' | 'memoryLimit' | 'restarts'>,
  ): Promise<InstanceEntity> {
    const entity = tx.manager.create(InstanceEntity, {
      ...instance,
      id: uuidv7(),
      tenantId: tx.tenantId ?? undefined,
      state: 'starting',
      routed: false,
    });
    await tx.manager.insert(InstanceEntity, entity);
    return entity;
  }

  async updateAddress(tx: Transaction, id: string, address: InstanceAddress): Promise<void> {
    await tx.manager.update(InstanceEntity, { id }, { addressHost: address.host, addressPort: address.port });
  }

  /** The app's requests go to this instance and to no other. */
  async updateRouted(tx: Transaction, appId: string, id: string): Promise<void> {
    await this.unroute(tx, appId);
    await tx.manager.update(
      InstanceEntity,
      { id },
      {
        routed: true,
        state: 'healthy',
        healthyAt: () => 'coalesce(healthy_at, clock_timestamp())',
        observedAt: () => 'clock_timestamp()',
      },
    );
  }

  async updateHealthy(tx: Transaction, id: string): Promise<void> {
    await tx.manager.update(
      InstanceEntity,
      { id },
      { state: 'healthy', healthyAt: () => 'clock_timestamp()', observedAt: () => 'clock_timestamp()' },
    );
  }

  async unroute(tx: Transaction, appId: string): Promise<void> {
    await tx.manager.update(InstanceEntity, { appId, routed: true }, { routed: false });
  }

  async updateDraining(tx: Transaction, id: string): Promise<void> {
    await tx.manager.update(InstanceEntity, { id }, { state: 'draining', routed: false });
  }

  async updateDrainUntil(tx: Transaction, id: string, drainSeconds: number): Promise<void> {
    await tx.query(
      'UPDATE instances SET drain_until = clock_timestamp() + make_interval(secs => $2) WHERE id = $1',
      [id, drainSeconds],
    );
  }

  async updateExited(tx: Transaction, id: string, detail: string): Promise<void> {
    await tx.manager.update(
      InstanceEntity,
      { id },
      { state: 'exited', routed: false, exitedAt: () => 'clock_timestamp()', exitDetail: detail },
    );
  }
}
