import { Injectable } from '@nestjs/common';
import { Database } from './database.js';

/** Tells readiness whether a transaction can be had. */
@Injectable()
export class DatabaseIndicator {
  readonly name = 'database';

  constructor(private readonly database: Database) {}

  async check(): Promise<{ up: boolean; detail?: string }> {
    try {
      await this.database.isReady();
      return { up: true };
    } catch (error) {
      return { up: false, detail: error instanceof Error ? error.message : String(error) };
    }
  }
}
