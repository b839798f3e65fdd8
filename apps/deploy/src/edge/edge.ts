/**
 * Keeps the edge's routes equal to what the database says.
 *
 * The database is the truth: `instances.routed` says where the requests of an app shall go. `apply` computes the
 * whole list from it and puts it in place of the edge's list as one change, then reads it back.
 *
 * Invariants
 *  - Lists are computed and applied under the lock of one row, by all processes together: an older list never
 *    replaces a newer one.
 *  - When `apply` resolves, the edge was SEEN to hold a list computed after `apply` was called.
 *
 * A crash in between leaves a list that differs from the database; the step that was cut applies again when it is
 * resumed, and the reconciler applies at each start and after an attempt that failed.
 */
import { isDeepStrictEqual } from 'node:util';
import { Injectable } from '@nestjs/common';
import { Database, type Transaction } from '@capsule/database';
import { AppUrl } from '../apps/app-url.js';
import { EdgeClient, EdgeError } from './edge-client.js';
import { type EdgeRoute, readMarker, renderRoutes } from './edge-routes.js';

interface RouteRow {
  host: string;
  instanceId: string | null;
  addressHost: string | null;
  addressPort: number | null;
}

@Injectable()
export class Edge {
  private running: Promise<void> | undefined;
  private following: Promise<void> | undefined;
  private applied: string | undefined;

  constructor(
    private readonly database: Database,
    private readonly client: EdgeClient,
    private readonly urls: AppUrl,
  ) {}

  /** Calls that come while one is under way share the next one. @throws EdgeError */
  apply(): Promise<void> {
    if (!this.running) {
      this.running = this.run().finally(() => (this.running = undefined));
      return this.running;
    }
    this.following ??= this.running
      .catch(() => undefined)
      .then(() => {
        this.following = undefined;
        return this.apply();
      });
    return this.following;
  }

  /**
   * Whether the edge holds the list this process gave it last; false after the edge lost it, or could not be given
   * the latest one. @throws EdgeError
   */
  async isInPlace(): Promise<boolean> {
    const marker = readMarker(await this.client.readFirstRoute());
    return marker !== null && marker === this.applied;
  }

  private async run(): Promise<void> {
    // Whoever looks while this has not succeeded finds the edge out of place, and so repairs what failed.
    this.applied = undefined;
    const applied = await this.database.withoutTenant(async (tx) => {
      await tx.query('SELECT FROM edge_state FOR UPDATE');
      const { marker, list } = renderRoutes(await this.readRoutes(tx));
      if (readMarker(await this.client.readFirstRoute()) === marker) return marker;
      await this.client.replaceRoutes(list);
      if (!isDeepStrictEqual(await this.client.readRoutes(), list)) {
        throw new EdgeError('the edge does not hold the routes it accepted');
      }
      await tx.query(
        'UPDATE edge_state SET version = version + 1, marker = $1, applied_at = clock_timestamp()',
        [marker],
      );
      return marker;
    });
    this.applied = applied;
  }

  private async readRoutes(tx: Transaction): Promise<EdgeRoute[]> {
    const rows = await tx.query<RouteRow>(
      `SELECT host, instance_id AS "instanceId", address_host AS "addressHost", address_port AS "addressPort"
       FROM edge_routes()`,
    );
    return rows.map((row) => ({
      hostname: this.urls.hostname(row.host),
      address:
        row.addressHost === null || row.addressPort === null
          ? null
          : { host: row.addressHost, port: row.addressPort },
    }));
  }
}
