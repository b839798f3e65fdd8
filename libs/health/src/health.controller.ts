import { Controller, Get, Header, HttpStatus, Res } from '@nestjs/common';
import { registry } from '@capsule/telemetry';
import { ReadinessCheck } from './readiness.js';
import { ShutdownState } from './shutdown-state.js';

interface Reply {
  status(code: number): unknown;
}

@Controller()
export class HealthController {
  constructor(
    private readonly readiness: ReadinessCheck,
    private readonly state: ShutdownState,
  ) {}

  /** The process answers. It asks no dependency: a restart heals none of them. */
  @Get('health/live')
  live() {
    return { status: 'ok' };
  }

  @Get('health/startup')
  startup(@Res({ passthrough: true }) reply: Reply) {
    const { phase } = this.state;
    if (phase === 'starting') reply.status(HttpStatus.SERVICE_UNAVAILABLE);
    return { status: phase === 'starting' ? 'starting' : 'ok' };
  }

  @Get('health/ready')
  @Header('cache-control', 'no-store')
  async ready(@Res({ passthrough: true }) reply: Reply) {
    const { status, body } = await this.readiness.check();
    reply.status(status);
    return body;
  }

  @Get('metrics')
  @Header('content-type', registry.contentType)
  metrics() {
    return registry.metrics();
  }
}
