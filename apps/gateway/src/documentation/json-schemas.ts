import { apiSchemas, endpoints } from '@capsule/contracts';
import { z } from 'zod';
import type { JsonSchema } from './openapi-document.js';

export interface JsonSchemas {
  /** The public schemas, to be referred to by name. */
  components: Record<string, JsonSchema>;
  /** What each operation takes, path parameters included, by operation id. */
  requests: Record<string, JsonSchema>;
}

const REQUEST_PREFIX = 'request of ';

/**
 * The JSON Schemas of the API, converted in one go so that they refer to each other. Requests and responses alike are
 * converted as input: for answers that leaves objects open to fields of a later version.
 */
export function jsonSchemas(): JsonSchemas {
  const registry = z.registry<{ id: string }>();
  for (const { name, schema } of apiSchemas) registry.add(schema, { id: name });
  for (const { operationId, request } of endpoints)
    registry.add(request, { id: REQUEST_PREFIX + operationId });
  const { schemas } = z.toJSONSchema(registry, {
    io: 'input',
    uri: schemaReference,
    override: ({ zodSchema, jsonSchema }) => {
      simplify(jsonSchema);
      // An address is trimmed before it is checked, and a pipe's input schema knows only its first half.
      const next = zodSchema._zod.def.type === 'pipe' ? (zodSchema as z.ZodPipe).out : undefined;
      if (next instanceof z.ZodEmail) jsonSchema.format = 'email';
    },
  });
  const components: Record<string, JsonSchema> = {};
  const requests: Record<string, JsonSchema> = {};
  for (const [id, { $schema: _, $id: __, ...schema }] of Object.entries(schemas)) {
    if (id.startsWith(REQUEST_PREFIX)) requests[id.slice(REQUEST_PREFIX.length)] = schema;
    else components[id] = schema;
  }
  for (const { name, example } of apiSchemas) components[name] = { ...components[name], examples: [example] };
  return { components, requests };
}

export function schemaReference(name: string): string {
  return `#/components/schemas/${name}`;
}

/** Drops what says nothing to a reader: the pattern behind a named format, and the bounds of a safe integer. */
function simplify(schema: z.core.JSONSchema.BaseSchema): void {
  if (schema.format !== undefined) delete schema.pattern;
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum;
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum;
}
