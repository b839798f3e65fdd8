import { Controller } from '@nestjs/common';
import { metricQuery, type RequestOf } from '@capsule/contracts';
import { Rpc } from '@capsule/messaging';
import { MetricService } from './metric.service.js';

@Controller()
export class MetricController {
  constructor(private readonly metrics: MetricService) {}

  @Rpc(metricQuery)
  query(request: RequestOf<typeof metricQuery>) {
    return this.metrics.query(request);
  }
}
