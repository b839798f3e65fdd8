import { z } from 'zod';
import { errorCatalogue } from '../errors/catalogue.js';
import { requests } from '../requests.js';
import { pathParameters } from './endpoint.js';
import { endpoints, readingEndpoint } from './endpoints.js';
import { apiSchemas } from './schemas.js';

const id = '0192f0c1-7a10-7c3e-9b1d-5f2d1c0a9e01';

describe('the endpoints', () => {
  it('have a method and path of their own, and an operation id of their own', () => {
    const routes = endpoints.map(({ method, path }) => `${method} ${path}`);
    const operations = endpoints.map(({ operationId }) => operationId);
    expect(new Set(routes).size).toBe(endpoints.length);
    expect(new Set(operations).size).toBe(endpoints.length);
  });

  it('expose only requests that the gateway may send', () => {
    const refused = endpoints.filter(
      ({ rpc }) => !requests.includes(rpc) || !rpc.callers.includes('gateway'),
    );
    expect(refused).toEqual([]);
  });

  it('require a token exactly where the service requires a tenant', () => {
    const wrong = endpoints.filter(
      ({ security, rpc }) => (security === 'bearer') !== (rpc.tenancy === 'tenant'),
    );
    expect(wrong).toEqual([]);
  });

  it.each(endpoints)('$operationId: every path parameter is a field of the request', ({ path, request }) => {
    expect(request).toBeInstanceOf(z.ZodObject);
    expect(Object.keys((request as z.ZodObject).shape)).toEqual(expect.arrayContaining(pathParameters(path)));
  });

  it.each(endpoints)('$operationId: refuses fields it does not know', ({ request }) => {
    const issues = request.safeParse({ smuggled: true }).error?.issues ?? [];
    expect(issues).toContainEqual(expect.objectContaining({ code: 'unrecognized_keys', keys: ['smuggled'] }));
  });

  it.each(endpoints.filter(({ example }) => example))(
    '$operationId: its example is a request that both the gateway and the service take',
    ({ path, request, rpc, example }) => {
      const parameters = Object.fromEntries(pathParameters(path).map((name) => [name, id]));
      expect(request.safeParse({ ...parameters, ...example }).error).toBeUndefined();
      expect(rpc.request.safeParse({ ...parameters, ...example }).error).toBeUndefined();
    },
  );

  it.each(endpoints.filter(({ status }) => status !== 204))(
    '$operationId: its response has a name in the public API',
    ({ rpc }) => {
      expect(apiSchemas.map(({ schema }) => schema)).toContain(rpc.response);
    },
  );

  it('lead from what is made or set to work to where it is read, if anywhere', () => {
    const readers = endpoints.map((endpoint) => [
      `${endpoint.method} ${endpoint.path}`,
      readingEndpoint(endpoint)?.path,
    ]);
    expect(readers.filter(([, reader]) => reader !== undefined)).toEqual([
      ['POST /v1/projects', '/v1/projects/{projectId}'],
      ['POST /v1/projects/{projectId}/apps', '/v1/apps/{appId}'],
      ['POST /v1/apps/{appId}/deployments', '/v1/deployments/{deploymentId}'],
      ['POST /v1/deployments/{deploymentId}/cancel', '/v1/deployments/{deploymentId}'],
      ['POST /v1/deployments/{deploymentId}/rollback', '/v1/deployments/{deploymentId}'],
      ['POST /v1/dashboards', '/v1/dashboards/{dashboardId}'],
    ]);
  });

  it('name every error of a service that an outside caller can meet', () => {
    const named = new Set<string>(endpoints.flatMap(({ errors }) => errors));
    const ofTokens = ['auth.token.missing', 'auth.token.invalid', 'auth.token.expired'];
    const unnamed = Object.keys(errorCatalogue).filter(
      (code) => !code.startsWith('platform.') && !ofTokens.includes(code) && !named.has(code),
    );
    expect(unnamed).toEqual([]);
  });
});

describe('the public schemas', () => {
  it('have a name of their own', () => {
    expect(new Set(apiSchemas.map(({ name }) => name)).size).toBe(apiSchemas.length);
  });

  it.each(apiSchemas)('$name: the documented example parses', ({ schema, example }) => {
    expect(schema.safeParse(example).error).toBeUndefined();
  });
});
