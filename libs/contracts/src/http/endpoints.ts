import { accountEndpoints } from './account-endpoints.js';
import { billingEndpoints } from './billing-endpoints.js';
import { deployEndpoints } from './deploy-endpoints.js';
import { type Endpoint, pathParameters } from './endpoint.js';
import { monitorEndpoints } from './monitor-endpoints.js';

/** Every business route of the gateway; routes, checks, documentation and clients are derived from it. */
export const endpoints: readonly Endpoint[] = [
  ...accountEndpoints,
  ...deployEndpoints,
  ...monitorEndpoints,
  ...billingEndpoints,
];

/** Where to read what an endpoint made (201) or set to work (202): the one that answers with the same schema, by its id. */
export function readingEndpoint({ status, rpc }: Endpoint): Endpoint | undefined {
  if (status !== 201 && status !== 202) return undefined;
  return endpoints.find(
    (other) =>
      other.method === 'GET' &&
      other.rpc.response === rpc.response &&
      pathParameters(other.path).length === 1,
  );
}
