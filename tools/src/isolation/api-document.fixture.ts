/** What the isolation suite knows of the API: what the gateway's OpenAPI document says, and nothing else. */

export interface Schema {
  /** Name of the component that the document refers to here. */
  component?: string;
  type?: string | string[];
  format?: string;
  const?: unknown;
  enum?: unknown[];
  default?: unknown;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
  pattern?: string;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  minimum?: number;
}

export interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header';
  required: boolean;
  schema: Schema;
}

export interface Body {
  contentType: string;
  schema: Schema;
  example?: unknown;
}

/** One way to call a route: a route that takes bodies of several types is several operations. */
export interface Operation {
  /** Such as `POST /v1/projects`, followed by the type of the body where it is not JSON. */
  name: string;
  id: string;
  method: string;
  path: string;
  isPublic: boolean;
  parameters: Parameter[];
  body?: Body;
  /** Of the answer that means success. */
  answer: Schema;
}

interface DocumentedOperation {
  operationId: string;
  security?: Record<string, string[]>[];
  parameters?: Parameter[];
  requestBody?: { content: Record<string, Omit<Body, 'contentType'>> };
  responses: Record<string, { content?: Record<string, { schema: Schema }> }>;
}

const JSON_TYPE = 'application/json';

export function readOperations(document: unknown): Operation[] {
  const { paths } = withoutReferences(document, document) as {
    paths: Record<string, Record<string, DocumentedOperation>>;
  };
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, documented]) =>
      bodiesOf(documented).map((body) => operationOf(path, method.toUpperCase(), documented, body)),
    ),
  );
}

function bodiesOf({ requestBody }: DocumentedOperation): (Body | undefined)[] {
  if (!requestBody) return [undefined];
  return Object.entries(requestBody.content).map(([contentType, media]) => ({ contentType, ...media }));
}

function operationOf(
  path: string,
  method: string,
  { operationId, security, parameters, responses }: DocumentedOperation,
  body: Body | undefined,
): Operation {
  const success = Object.entries(responses).find(([status]) => status.startsWith('2'))?.[1];
  const suffix = body && body.contentType !== JSON_TYPE ? ` (${body.contentType})` : '';
  return {
    name: `${method} ${path}${suffix}`,
    id: operationId,
    method,
    path,
    isPublic: !security?.some((scheme) => Object.keys(scheme).length > 0),
    parameters: parameters ?? [],
    body,
    answer: success?.content?.[JSON_TYPE]?.schema ?? {},
  };
}

/** The same value with every reference replaced by what it refers to; a schema within itself ends as one of anything. */
function withoutReferences(value: unknown, document: unknown, inside: readonly string[] = []): unknown {
  if (Array.isArray(value)) return value.map((each) => withoutReferences(each, document, inside));
  if (typeof value !== 'object' || value === null) return value;
  const { $ref: reference } = value as { $ref?: unknown };
  if (typeof reference !== 'string') {
    return Object.fromEntries(
      Object.entries(value).map(([key, each]) => [key, withoutReferences(each, document, inside)]),
    );
  }
  const component = reference.split('/').at(-1);
  if (inside.includes(reference)) return { component };
  const found = reference
    .slice('#/'.length)
    .split('/')
    .reduce<unknown>((part, key) => (part as Record<string, unknown>)[key], document);
  return { ...(withoutReferences(found, document, [...inside, reference]) as object), component };
}
