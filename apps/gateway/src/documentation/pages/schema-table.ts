import type { JsonSchema } from '../openapi-document.js';
import { html, type Html, prose } from './html.js';

/** The fields of an object, one row each; those of an object within it follow, named by their path. */
export function fieldTable(schema: JsonSchema): Html {
  return table(['Field', 'Type', 'Meaning'], fieldRows(schema, ''));
}

function fieldRows(schema: JsonSchema, prefix: string): Html[][] {
  const properties = Object.entries((schema['properties'] ?? {}) as Record<string, JsonSchema>);
  const required = new Set((schema['required'] ?? []) as string[]);
  return properties.flatMap(([name, field]) => {
    const row = [
      html`<code>${prefix}${name}</code>`,
      typeOf(field),
      meaning(field, required.has(name), field['description']),
    ];
    const within = objectWithin(field);
    const path = `${prefix}${name}${field['type'] === 'array' ? '[]' : ''}.`;
    return [row, ...(within ? fieldRows(within, path) : [])];
  });
}

/** The object that a field is, may be or lists, unless that has a name of its own. */
function objectWithin(field: JsonSchema): JsonSchema | undefined {
  const choices = (field['anyOf'] ?? field['oneOf'] ?? [field['items'] ?? field]) as JsonSchema[];
  return choices.find((choice) => 'properties' in choice);
}

/** The cell on what a value means, whether it has to be there, and its bounds. */
export function meaning(schema: JsonSchema, required: boolean, description: unknown): Html {
  return html`${typeof description === 'string' && html`${prose(description)}<br />`}<span class="soft"
      >${required ? 'required' : 'optional'}${bounds(schema)}</span
    >`;
}

export function table(headings: readonly string[], rows: readonly (readonly Html[])[]): Html {
  return html`<div class="scroll">
    <table>
      <thead>
        <tr>
          ${headings.map((heading) => html`<th>${heading}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) =>
            html`<tr>
              ${row.map((cell) => html`<td>${cell}</td>`)}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

/** A short reading of a schema: names lead to the named schema. */
export function typeOf(schema: JsonSchema): Html {
  const reference = schema['$ref'];
  if (typeof reference === 'string') {
    const name = reference.slice(reference.lastIndexOf('/') + 1);
    return html`<a href="#schema-${name}">${name}</a>`;
  }
  const choices = (schema['anyOf'] ?? schema['oneOf']) as JsonSchema[] | undefined;
  if (choices) return joined(choices.map(typeOf), ' or ');
  if (schema['const'] !== undefined) return html`<code>${JSON.stringify(schema['const'])}</code>`;
  const values = schema['enum'] as unknown[] | undefined;
  if (values)
    return joined(
      values.map((value) => html`<code>${JSON.stringify(value)}</code>`),
      ' ',
    );
  if (schema['type'] === 'array') return html`list of ${typeOf((schema['items'] ?? {}) as JsonSchema)}`;
  if (schema['type'] === 'object') {
    const names = Object.keys(schema['properties'] ?? {});
    return html`{
    ${joined(
      names.map((name) => html`<code>${name}</code>`),
      ', ',
    )}
    }`;
  }
  const types = [schema['format'] ?? schema['type'] ?? 'anything'].flat();
  return html`${types.join(' or ')}`;
}

const boundTexts: readonly (readonly [keyword: string, before: string, after: string])[] = [
  ['default', 'otherwise ', ''],
  ['minimum', 'at least ', ''],
  ['maximum', 'at most ', ''],
  ['minLength', 'at least ', ' characters'],
  ['maxLength', 'at most ', ' characters'],
  ['maxItems', 'at most ', ' items'],
];

function bounds(schema: JsonSchema): Html[] {
  return boundTexts
    .filter(([keyword]) => schema[keyword] !== undefined && schema[keyword] !== null)
    .map(
      ([keyword, before, after]) => html`, ${before}<code>${JSON.stringify(schema[keyword])}</code>${after}`,
    );
}

function joined(parts: readonly Html[], separator: string): Html {
  return html`${parts.flatMap((part, index) => (index === 0 ? [part] : [separator, part]))}`;
}
