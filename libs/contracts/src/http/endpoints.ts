import { accountEndpoints } from './account-endpoints.js';
import { billingEndpoints } from './billing-endpoints.js';
import { deployEndpoints } from './deploy-endpoints.js';
import type { Endpoint } from './endpoint.js';
import { monitorEndpoints } from './monitor-endpoints.js';

/** Every business route of the gateway; routes, checks, documentation and clients are derived from it. */
export const endpoints: readonly Endpoint[] = [
  ...accountEndpoints,
  ...deployEndpoints,
  ...monitorEndpoints,
  ...billingEndpoints,
];
