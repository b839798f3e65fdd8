import type { Operation, Schema } from './api-document.fixture.js';
import { choicesOf, type ValuePath } from './samples.fixture.js';

/** A place of a request that takes an id. */
export interface IdPlace {
  in: 'path' | 'query' | 'body';
  /** Of what it is the id, such as `projectId`; of a list of ids it is the singular. */
  name: string;
  /** From the body to the id; of a parameter its name. */
  path: ValuePath;
  /** A request without it is none. */
  required: boolean;
}

/**
 * Every place of a request that takes an id, however deep in the body. What is in a path names something, whatever it
 * looks like, unless there are only so many values.
 */
export function idPlacesOf({ parameters, body }: Pick<Operation, 'parameters' | 'body'>): IdPlace[] {
  const ofParameters = parameters.flatMap(({ in: where, name, required, schema }): IdPlace[] => {
    if (where === 'path') return schema.enum ? [] : [{ in: where, name, path: [name], required: true }];
    if (where === 'query')
      return placesIn(schema, [name], name, required).map((at) => ({ ...at, in: where }));
    return [];
  });
  return [...ofParameters, ...(body ? placesIn(body.schema, [], '', true) : [])];
}

export function describePlace({ in: where, path }: IdPlace): string {
  return `${where} ${path.join('.')}`;
}

function placesIn(schema: Schema, path: ValuePath, name: string, required: boolean): IdPlace[] {
  const places = [...choicesOf(schema), ...(schema.allOf ?? [])].flatMap((choice): IdPlace[] => {
    if (choice.format === 'uuid') return [{ in: 'body', name, path, required }];
    const ofItems = choice.items
      ? placesIn(choice.items, [...path, 0], name.replace(/s$/, ''), required && (choice.minItems ?? 0) > 0)
      : [];
    const ofProperties = Object.entries(choice.properties ?? {}).flatMap(([key, property]) =>
      placesIn(property, [...path, key], key, required && (choice.required?.includes(key) ?? false)),
    );
    return [...ofItems, ...ofProperties];
  });
  return [...new Map(places.map((place) => [place.path.join('.'), place])).values()];
}
