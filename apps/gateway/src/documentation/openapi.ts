import {
  apiSchemas,
  type Endpoint,
  endpoints,
  honoursIdempotencyKey,
  pathParameters,
  readingEndpoint,
} from '@capsule/contracts';
import { bodyTypes } from '../http/body-types.js';
import { jsonSchemas, type JsonSchemas, schemaReference } from './json-schemas.js';
import type {
  JsonSchema,
  MediaType,
  OpenApiDocument,
  Operation,
  Parameter,
  Reference,
  Response,
} from './openapi-document.js';
import { problemResponse, problemsOf } from './problem-responses.js';
import * as fixed from './openapi-fixed-parts.js';

/** The OpenAPI document, derived from the endpoints and the schemas that validate their requests. */
export function openApiDocument(): OpenApiDocument {
  const schemas = jsonSchemas();
  const document: OpenApiDocument = {
    openapi: '3.1.1',
    info: fixed.info,
    servers: [{ url: '/' }],
    tags: fixed.tags,
    paths: {},
    components: {
      schemas: schemas.components,
      responses: {},
      parameters: fixed.parameters,
      headers: fixed.headers,
      securitySchemes: fixed.securitySchemes,
    },
  };
  for (const endpoint of endpoints) {
    const path = (document.paths[endpoint.path] ??= {});
    path[endpoint.method.toLowerCase()] = operation(endpoint, schemas, document);
  }
  return document;
}

function operation(endpoint: Endpoint, schemas: JsonSchemas, document: OpenApiDocument): Operation {
  const fields = fieldsOf(endpoint, schemas);
  const parameters = [...fields.parameters, ...headerParameters(endpoint)];
  return {
    operationId: endpoint.operationId,
    tags: [endpoint.tag],
    summary: endpoint.summary,
    ...(endpoint.description !== undefined && { description: endpoint.description }),
    security: endpoint.security === 'bearer' ? [{ bearer: [] }] : [],
    ...(parameters.length > 0 && { parameters }),
    ...(fields.body && { requestBody: requestBody(endpoint, fields.body, document) }),
    responses: responses(endpoint, document),
  };
}

/** The fields of a request as the parameters of its path and query, or what is left of it as its body. */
function fieldsOf(endpoint: Endpoint, schemas: JsonSchemas): { parameters: Parameter[]; body?: JsonSchema } {
  const request = schemas.requests[endpoint.operationId] ?? {};
  const properties = Object.entries((request['properties'] ?? {}) as Record<string, JsonSchema>);
  const required = new Set((request['required'] ?? []) as string[]);
  const inPath = new Set(pathParameters(endpoint.path));
  const parameter =
    (place: 'path' | 'query') =>
    ([name, { description, ...schema }]: [string, JsonSchema]): Parameter => ({
      name,
      in: place,
      required: required.has(name),
      description: String(description),
      schema,
    });
  const path = properties.filter(([name]) => inPath.has(name)).map(parameter('path'));
  const rest = properties.filter(([name]) => !inPath.has(name));
  if (endpoint.method === 'GET' || endpoint.method === 'DELETE') {
    return { parameters: [...path, ...rest.map(parameter('query'))] };
  }
  if (rest.length === 0) return { parameters: path };
  const names = rest.map(([name]) => name).filter((name) => required.has(name));
  const body = { ...request, properties: Object.fromEntries(rest), required: names };
  return { parameters: path, body };
}

function headerParameters(endpoint: Endpoint): Reference[] {
  const names = [
    ...(honoursIdempotencyKey(endpoint) ? ['IdempotencyKey'] : []),
    ...(endpoint.transfer === 'log-stream' ? ['LastEventId'] : []),
  ];
  return names.map((name) => ({ $ref: `#/components/parameters/${name}` }));
}

function requestBody(
  endpoint: Endpoint,
  body: JsonSchema,
  document: OpenApiDocument,
): Operation['requestBody'] {
  const name = `${endpoint.operationId.charAt(0).toUpperCase()}${endpoint.operationId.slice(1)}Request`;
  document.components.schemas[name] = body;
  const json: MediaType = { schema: { $ref: schemaReference(name) }, example: endpoint.example };
  const content = bodyTypes(endpoint).map((type) => [
    type,
    type === 'application/json' ? json : { schema: fixed.archiveSchema },
  ]);
  return { required: true, content: Object.fromEntries(content) as Record<string, MediaType> };
}

function responses(endpoint: Endpoint, document: OpenApiDocument): Operation['responses'] {
  const answers: Record<string, Response | Reference> = { [endpoint.status]: success(endpoint) };
  for (const [status, problem] of problemsOf(endpoint)) {
    const response = problemResponse(problem);
    if (problem.common) document.components.responses[problem.kind] = response;
    answers[status] = problem.common ? { $ref: `#/components/responses/${problem.kind}` } : response;
  }
  return answers;
}

function success(endpoint: Endpoint): Response {
  const headers = Object.fromEntries(
    [
      'X-Request-Id',
      ...(endpoint.shared ? ['ETag'] : ['RateLimit', 'RateLimit-Policy']),
      ...(readingEndpoint(endpoint) ? ['Location'] : []),
    ].map((name) => [name, { $ref: `#/components/headers/${name}` }]),
  );
  if (endpoint.transfer === 'log-stream') {
    return { description: fixed.logStreamDescription, headers, content: fixed.logStreamContent };
  }
  if (endpoint.status === 204) return { description: 'Done; there is nothing to answer.', headers };
  const named = apiSchemas.find(({ schema }) => schema === endpoint.rpc.response);
  if (!named) throw new Error(`The response of ${endpoint.operationId} has no public name.`);
  const schema = { $ref: schemaReference(named.name) };
  return {
    description: named.schema.description ?? named.name,
    headers,
    content: { 'application/json': { schema, example: named.example } },
  };
}
