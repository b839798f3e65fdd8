import { Injectable } from '@nestjs/common';
import type { Transaction } from '@capsule/database';
import { DomainError } from '@capsule/errors';
import { AppRepository } from './app.repository.js';

@Injectable()
export class AppService {
  constructor(private readonly apps: AppRepository) {}

  /** @throws DomainError monitor.app.not_found for an unknown app and for one of another organization alike */
  async require(tx: Transaction, appId: string): Promise<void> {
    if (!(await this.apps.exists(tx, appId))) throw new DomainError('monitor.app.not_found');
  }

  /** @throws DomainError monitor.app.not_found when one of them is unknown or of another organization */
  async requireAll(tx: Transaction, appIds: readonly string[]): Promise<void> {
    if (appIds.length === 0) return;
    if (!(await this.apps.allExist(tx, appIds))) throw new DomainError('monitor.app.not_found');
  }

  /** The app's name for people; "an app" while the event of its creation is still on the way. */
  async nameOf(tx: Transaction, appId: string): Promise<string> {
    return (await this.apps.findName(tx, appId)) ?? 'an app';
  }
}
