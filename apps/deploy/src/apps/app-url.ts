import { Inject, Injectable } from '@nestjs/common';
import { config, type DeploySettings } from '../config.js';

const HTTP_PORT = 80;

/** Where people reach an app. */
@Injectable()
export class AppUrl {
  constructor(@Inject(config.KEY) private readonly settings: DeploySettings) {}

  hostname(host: string): string {
    return `${host}.${this.settings.edge.appsDomain}`;
  }

  of(host: string): string {
    const { port } = this.settings.edge;
    return `http://${this.hostname(host)}${port === HTTP_PORT ? '' : `:${port}`}`;
  }
}
