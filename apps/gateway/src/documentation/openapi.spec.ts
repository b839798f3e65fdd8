import { endpoints } from '@capsule/contracts';
import { Validator } from '@seriousme/openapi-schema-validator';
import { openApiDocument } from './openapi.js';
import type { Operation, Parameter, Response } from './openapi-document.js';

const document = openApiDocument();

function operationOf({ method, path }: { method: string; path: string }): Operation {
  const operation = document.paths[path]?.[method.toLowerCase()];
  if (!operation) throw new Error(`${method} ${path} is not documented`);
  return operation;
}

/** Every `$ref` below a value. */
function references(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, child]) =>
    key === '$ref' && typeof child === 'string' ? [child] : references(child),
  );
}

/** Every property of every object below a schema, with the way to it. */
function fields(value: unknown, path = ''): { path: string; field: object }[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, child]: [string, unknown]) => [
    ...(key === 'properties'
      ? Object.entries(child as Record<string, object>).map(([name, field]) => ({
          path: `${path}.${name}`,
          field,
        }))
      : []),
    ...(key === 'examples' ? [] : fields(child, `${path}.${key}`)),
  ]);
}

function isDescribed(field: object): boolean {
  if ('description' in field) return typeof field.description === 'string' && field.description.length > 10;
  if (!('$ref' in field)) return false;
  const target = String(field.$ref)
    .replace('#/components/', '')
    .split('/')
    .reduce<unknown>((node, step) => (node as Record<string, unknown>)?.[step], document.components);
  return isDescribed(target as object);
}

describe('the OpenAPI document', () => {
  it('is valid OpenAPI 3.1 to a validator that is not ours', async () => {
    const validator = new Validator();
    const result = await validator.validate(structuredClone({ ...document }));
    expect(result).toEqual({ valid: true });
    expect(validator.version).toBe('3.1');
  });

  it('describes exactly the routes there are', () => {
    const documented = Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(documented.sort()).toEqual(endpoints.map(({ method, path }) => `${method} ${path}`).sort());
  });

  it('refers only to what it holds', () => {
    const missing = references(document).filter((reference) => {
      const steps = reference.replace('#/', '').split('/');
      return (
        steps.reduce<unknown>((node, step) => (node as Record<string, unknown>)?.[step], document) ===
        undefined
      );
    });
    expect(missing).toEqual([]);
  });

  it('is plain JSON, so that its frozen copy is the same document', () => {
    expect(JSON.parse(JSON.stringify(document))).toEqual(document);
  });

  it.each(endpoints)('$operationId: asks for a token exactly where one is required', (endpoint) => {
    const expected = endpoint.security === 'bearer' ? [{ bearer: [] }] : [];
    expect(operationOf(endpoint).security).toEqual(expected);
  });

  it.each(endpoints)('$operationId: tells every status a caller has to handle', (endpoint) => {
    const statuses = Object.keys(operationOf(endpoint).responses);
    expect(statuses).toEqual(expect.arrayContaining([String(endpoint.status), '422', '500', '503', '504']));
    expect(statuses.includes('429')).toBe(!endpoint.shared);
    expect(statuses.includes('401')).toBe(
      endpoint.security === 'bearer' || endpoint.errors.some((code) => code.includes('invalid')),
    );
  });

  it('offers an idempotency key, and the conflict of its reuse, exactly where one is honoured', () => {
    const offering = (what: string) =>
      endpoints.filter((endpoint) => JSON.stringify(operationOf(endpoint)).includes(what));
    const keepsNoAnswer = ['/v1/auth/sign-in', '/v1/auth/refresh'];
    const expected = endpoints.filter(
      ({ method, path }) => method === 'POST' && !keepsNoAnswer.includes(path),
    );
    expect(offering('#/components/parameters/IdempotencyKey')).toEqual(expected);
    const conflicts = endpoints.filter(
      (endpoint) => endpoint.method === 'POST' && '409' in operationOf(endpoint).responses,
    );
    expect(conflicts).toEqual(expected);
    expect(JSON.stringify(document.components.responses['conflict'])).toContain('idempotency_key_reused');
  });

  it('puts each field of a request in one place: path, query or body', () => {
    const { parameters = [], requestBody } = operationOf({
      method: 'POST',
      path: '/v1/projects/{projectId}/apps',
    });
    const named = parameters.filter((parameter): parameter is Parameter => 'name' in parameter);
    expect(named.map((parameter) => [parameter.in, parameter.name])).toEqual([['path', 'projectId']]);
    expect(requestBody?.content['application/json']?.schema).toEqual({
      $ref: '#/components/schemas/CreateAppRequest',
    });
    const body = document.components.schemas['CreateAppRequest'];
    expect(Object.keys(body?.['properties'] as object)).not.toContain('projectId');
    expect(body?.['required']).toEqual(['name']);
  });

  it('offers no archive of the storage to name in JSON, only its bytes as the body', () => {
    const { requestBody } = operationOf({ method: 'POST', path: '/v1/apps/{appId}/deployments' });
    expect(Object.keys(requestBody?.content ?? {})).toContain('application/gzip');
    const body = document.components.schemas['CreateDeploymentRequest'];
    expect(JSON.stringify(body)).not.toContain('archiveId');
    // And so there is no choice.
    expect(body?.['properties']).toMatchObject({ source: { properties: { type: { const: 'git' } } } });
  });

  it('describes every operation, parameter and field in words, by itself or by the schema it refers to', () => {
    const parameters = endpoints.flatMap((endpoint) =>
      (operationOf(endpoint).parameters ?? []).map((parameter) => [endpoint.operationId, parameter] as const),
    );
    const silent = [
      ...fields(document.components.schemas),
      ...parameters.map(([operation, parameter]) => ({ path: `${operation}: parameter`, field: parameter })),
    ].filter(({ field }) => !isDescribed(field));
    expect(silent.map(({ path }) => path)).toEqual([]);
    for (const endpoint of endpoints) {
      const success = operationOf(endpoint).responses[endpoint.status] as Response;
      expect(success.description).toMatch(/^[A-Z].* .*\.$/);
    }
  });

  it('says of an e-mail that it is one', () => {
    const request = document.components.schemas['SignInSessionRequest']?.['properties'];
    expect(request).toMatchObject({ email: { type: 'string', format: 'email', maxLength: 254 } });
  });
});
