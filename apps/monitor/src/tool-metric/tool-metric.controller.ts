import { Controller } from '@nestjs/common';
import { type RequestOf, toolMetricCreate, toolMetricList } from '@capsule/contracts';
import { Rpc } from '@capsule/messaging';
import { ToolMetricService } from './tool-metric.service.js';

@Controller()
export class ToolMetricController {
  constructor(private readonly metrics: ToolMetricService) {}

  @Rpc(toolMetricCreate)
  create(request: RequestOf<typeof toolMetricCreate>) {
    return this.metrics.create(request);
  }

  @Rpc(toolMetricList)
  list(request: RequestOf<typeof toolMetricList>) {
    return this.metrics.list(request);
  }
}
