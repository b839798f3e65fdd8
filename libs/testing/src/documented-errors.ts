import { endpoints, isErrorCode, type RpcContract } from '@capsule/contracts';

/** What any route may answer, so that no endpoint names it. */
const OF_EVERY_ROUTE = /^(platform|auth\.token)\./;

/**
 * Lets a request to a service fail as it does, unless the documentation of the route behind it does not tell of that
 * error: then the spec fails for it.
 */
export async function failingAsDocumented<T>(contract: RpcContract, response: Promise<T>): Promise<T> {
  try {
    return await response;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    const endpoint = endpoints.find(({ rpc }) => rpc === contract);
    if (!endpoint || !isErrorCode(code) || OF_EVERY_ROUTE.test(code) || endpoint.errors.includes(code)) {
      throw error;
    }
    const { method, path } = endpoint;
    throw new Error(`${method} ${path} answers ${code}, which its endpoint does not name.`, { cause: error });
  }
}
