import { type Endpoint, pathParameters } from '@capsule/contracts';
import { DomainError, type FieldError, validationError } from '@capsule/errors';

/** The parts of a Fastify request that fields come from. */
export interface RequestParts {
  params: unknown;
  query: unknown;
  body: unknown;
}

type Fields = Record<string, unknown>;

/**
 * Reads the checked fields of a request: those of the path, and by name those of the query (GET, DELETE) or of the body.
 * @throws DomainError platform.request.invalid naming every missing, faulty, unknown or doubly given field, and every
 * text that cannot be stored
 */
export function fieldReader(endpoint: Endpoint): (request: RequestParts) => Fields {
  const fromQuery = endpoint.method === 'GET' || endpoint.method === 'DELETE';
  const names = pathParameters(endpoint.path);
  return (request) => {
    const fields = fromQuery ? { ...(request.query as Fields) } : bodyFields(request);
    const params = request.params as Fields;
    for (const name of names) {
      if (Object.hasOwn(fields, name)) throw invalid([{ path: name, message: 'Given in the path already' }]);
      fields[name] = params[name];
    }
    const result = endpoint.request.safeParse(fields);
    if (!result.success) throw validationError(result.error);
    // The text of a query is decoded from UTF-8, and so is whole; JSON has escapes for halves of characters.
    const unstorable = fromQuery ? [] : unstorableTexts(result.data);
    if (unstorable.length > 0) throw invalid(unstorable);
    return result.data as Fields;
  };
}

function bodyFields({ query, body }: RequestParts): Fields {
  const unknown = Object.keys(query as Fields);
  if (unknown.length > 0) {
    throw invalid(unknown.map((name) => ({ path: name, message: 'Not taken from the query' })));
  }
  if (body === undefined) return {};
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw invalid([{ path: '', message: 'The body must be a JSON object' }]);
  }
  return { ...body };
}

/** A lone surrogate, or the one character that PostgreSQL has no place for. */
const UNSTORABLE = /[\p{Cs}\0]/u;

/** Every text below a checked value, which is no deeper than its schema, that neither UTF-8 nor PostgreSQL can hold. */
function unstorableTexts(value: unknown, path: string[] = []): FieldError[] {
  if (typeof value === 'object' && value !== null)
    return Object.entries(value).flatMap(([key, child]) => unstorableTexts(child, [...path, key]));
  if (typeof value !== 'string' || !UNSTORABLE.test(value)) return [];
  return [{ path: path.join('.'), message: 'Must be Unicode text: no lone surrogate, no U+0000' }];
}

function invalid(fieldErrors: FieldError[]): DomainError {
  return new DomainError('platform.request.invalid', { fieldErrors });
}
