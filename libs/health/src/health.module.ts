import { type DynamicModule, Module, type Provider } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { HealthController } from './health.controller.js';
import type { Indicator } from './indicator.js';
import { INDICATORS, ReadinessCheck } from './readiness.js';
import { ShutdownState } from './shutdown-state.js';

@Module({})
export class HealthModule {
  /** Serves /health/live, /health/startup, /health/ready and /metrics. Indicators may inject what global modules export. */
  static forApp(options: { indicators: Provider<Indicator>[] }): DynamicModule {
    const tokens = options.indicators.map((indicator) =>
      typeof indicator === 'function' ? indicator : indicator.provide,
    );
    return {
      module: HealthModule,
      global: true,
      imports: [TerminusModule.forRoot({ logger: false })],
      controllers: [HealthController],
      providers: [
        ShutdownState,
        ReadinessCheck,
        ...options.indicators,
        { provide: INDICATORS, inject: tokens, useFactory: (...indicators: Indicator[]) => indicators },
      ],
      exports: [ShutdownState],
    };
  }
}
