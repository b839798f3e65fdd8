import { Injectable } from '@nestjs/common';
import type { Transaction } from '@capsule/database';

export interface NewApp {
  id: string;
  projectId: string;
  name: string;
  host: string;
  createdAt: Date;
}

@Injectable()
export class AppRepository {
  /** Usage is reported from the app's creation on. */
  async insert(tx: Transaction, app: NewApp): Promise<void> {
    await tx.query(
      `INSERT INTO apps (tenant_id, id, project_id, name, host, usage_recorded_through) VALUES ($1, $2, $3, $4, $5, $6)
       ON CONFLICT ON CONSTRAINT pk_apps DO NOTHING`,
      [tx.tenantId, app.id, app.projectId, app.name, app.host, app.createdAt],
    );
  }

  async exists(tx: Transaction, appId: string): Promise<boolean> {
    const rows = await tx.query('SELECT 1 FROM apps WHERE id = $1', [appId]);
    return rows.length > 0;
  }

  /** @returns whether all of them are the tenant's */
  async allExist(tx: Transaction, appIds: readonly string[]): Promise<boolean> {
    const unknown = await tx.query(
      'SELECT FROM unnest($1::uuid[]) AS wanted (id) WHERE NOT EXISTS (SELECT FROM apps a WHERE a.id = wanted.id)',
      [appIds],
    );
    return unknown.length === 0;
  }

  async findName(tx: Transaction, appId: string): Promise<string | undefined> {
    const [row] = await tx.query<{ name: string }>('SELECT name FROM apps WHERE id = $1', [appId]);
    return row?.name;
  }
}
