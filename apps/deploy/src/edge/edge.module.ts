import { Module } from '@nestjs/common';
import { AppFeatureModule } from '../apps/app-feature.module.js';
import { Edge } from './edge.js';
import { EdgeClient } from './edge-client.js';
import { EdgeReconciler } from './edge-reconciler.js';

@Module({
  imports: [AppFeatureModule],
  providers: [Edge, EdgeClient, EdgeReconciler],
  exports: [Edge, EdgeReconciler],
})
export class EdgeModule {}
