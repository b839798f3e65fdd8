import { isNativeError } from 'node:util/types';
import { HttpException, Inject, Injectable, Logger } from '@nestjs/common';
import { HealthCheckService, type HealthIndicatorResult, HealthIndicatorService } from '@nestjs/terminus';
import { redactText } from '@capsule/telemetry';
import type { Indicator } from './indicator.js';
import { ShutdownState } from './shutdown-state.js';

export const INDICATORS = Symbol('indicators');

/** A dependency that takes longer to answer a ping is of no use to requests either. */
const CHECK_TIMEOUT_MS = 2_000;
/** Probes that come together share one round of checks. */
const CHECK_CACHE_MS = 250;

export interface Readiness {
  status: number;
  body: unknown;
}

@Injectable()
export class ReadinessCheck {
  private readonly logger = new Logger('Health');
  private lastDown = '';

  constructor(
    private readonly terminus: HealthCheckService,
    private readonly sessions: HealthIndicatorService,
    private readonly state: ShutdownState,
    @Inject(INDICATORS) private readonly indicators: readonly Indicator[],
  ) {}

  async check(): Promise<Readiness> {
    const readiness = await this.ask();
    this.logChange(readiness.body);
    return readiness;
  }

  private async ask(): Promise<Readiness> {
    try {
      const body = await this.terminus.check([
        () => this.processState(),
        ...this.indicators.map((indicator) => () => this.dependency(indicator)),
      ]);
      return { status: 200, body };
    } catch (error) {
      if (error instanceof HttpException) return { status: error.getStatus(), body: error.getResponse() };
      throw error;
    }
  }

  private processState() {
    const { phase } = this.state;
    const session = this.sessions.check('process');
    return phase === 'serving' ? session.up({ phase }) : session.down({ phase });
  }

  private async dependency(indicator: Indicator): Promise<HealthIndicatorResult> {
    const session = this.sessions.check(indicator.name);
    const result: HealthIndicatorResult = await session
      .attempt(() => probe(indicator))
      .withTimeout(CHECK_TIMEOUT_MS)
      .cacheFor(CHECK_CACHE_MS);
    const { status, ...told } = result[indicator.name] ?? {};
    return status === 'down' && indicator.optional ? session.degraded(told) : result;
  }

  /** One line when the set of what is down changes, not one for every probe. */
  private logChange(body: unknown): void {
    const details = detailsOf(body).filter(([, { status }]) => status !== 'up');
    const down = details.map(([name, { status }]) => `${name} ${status}`).join(', ');
    if (down === this.lastDown) return;
    this.lastDown = down;
    if (down === '') this.logger.log('Ready');
    else this.logger.warn(`Health: ${down}`, { health: Object.fromEntries(details) });
  }
}

async function probe(indicator: Indicator): Promise<{ detail?: string }> {
  const { up, detail } = await indicator.check().catch((error: unknown) => ({
    up: false,
    detail: isNativeError(error) ? error.message : String(error),
  }));
  if (!up) throw new Error(redactText(detail ?? 'down'));
  return detail === undefined ? {} : { detail };
}

function detailsOf(body: unknown): [string, { status?: unknown }][] {
  const details = typeof body === 'object' && body !== null && 'details' in body ? body.details : undefined;
  return Object.entries((details ?? {}) as Record<string, { status?: unknown }>);
}
