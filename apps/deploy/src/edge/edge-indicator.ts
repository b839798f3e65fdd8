import { Inject, Injectable } from '@nestjs/common';
import { config, type DeploySettings } from '../config.js';
import { EdgeClient } from './edge-client.js';

/** For readiness: does the edge take routes? Apps that run go on being served without deploy. */
@Injectable()
export class EdgeIndicator {
  readonly name = 'edge';
  private readonly client: EdgeClient;

  constructor(@Inject(config.KEY) settings: DeploySettings) {
    this.client = new EdgeClient(settings);
  }

  async check(): Promise<{ up: boolean; detail?: string }> {
    try {
      await this.client.readFirstRoute();
      return { up: true };
    } catch (error) {
      return { up: false, detail: error instanceof Error ? error.message : 'not reachable' };
    }
  }
}
