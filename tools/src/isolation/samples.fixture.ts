import { randomUUID } from 'node:crypto';
import type { Body, Schema } from './api-document.fixture.js';

/** Steps from a body to a value in it: names of properties, and 0 for the first item of a list. */
export type ValuePath = readonly (string | 0)[];

type Fields = Record<string, unknown>;

/** Tried in turn where a text has a pattern. */
const SHAPES = ['a', '1', '/', 'AA', 'aaaaaaaaaa', '2030-01-15', 'EUR', 'https://example.com/a'];

/** Makes valid values from schemas. Every text is new, so that nothing is refused because its name is taken. */
export class Samples {
  private made = 0;

  /** @param mark is a part of every text, so that whose it is can be told */
  constructor(readonly mark: string) {}

  bodyOf({ schema, example }: Body): unknown {
    return example === undefined ? this.valueOf(schema) : this.renewed(example, schema);
  }

  /** The least that is valid: what is optional is left out. */
  valueOf(schema: Schema): unknown {
    if (schema.const !== undefined) return schema.const;
    if (schema.enum) return schema.enum[0];
    if (schema.default !== undefined && schema.default !== null) return schema.default;
    if (schema.allOf) return Object.assign({}, ...schema.allOf.map((part) => this.valueOf(part) as object));
    const [choice] = choicesOf(schema);
    if (choice !== schema && choice) return this.valueOf(choice);
    switch (typeOf(schema)) {
      case 'object':
        return Object.fromEntries(
          (schema.required ?? []).map((name) => [name, this.valueOf(schema.properties?.[name] ?? {})]),
        );
      case 'array':
        return Array.from({ length: schema.minItems ?? 0 }, () => this.valueOf(schema.items ?? {}));
      case 'integer':
      case 'number':
        return schema.minimum ?? 0;
      case 'boolean':
        return true;
      case 'string':
        return this.textOf(schema);
      case undefined:
      default:
        return null;
    }
  }

  /** The body with `value` at `path`; lists and objects on the way that it does not have are made. */
  withValueAt(body: unknown, schema: Schema, [step, ...rest]: ValuePath, value: unknown): unknown {
    if (step === undefined) return value;
    const choice = choicesOf(schema).find((each) => partOf(each, step)) ?? schema;
    const part = partOf(choice, step) ?? {};
    if (step === 0) {
      const [first = this.valueOf(part), ...others] = Array.isArray(body) ? (body as unknown[]) : [];
      return [this.withValueAt(first, part, rest, value), ...others];
    }
    const fields = (body ?? this.valueOf(choice)) as Fields;
    return { ...fields, [step]: this.withValueAt(fields[step], part, rest, value) };
  }

  private renewed(example: unknown, schema: Schema): unknown {
    const choice = choicesOf(schema)[0] ?? schema;
    if (Array.isArray(example)) return example.map((item) => this.renewed(item, choice.items ?? {}));
    if (typeof example === 'object' && example !== null) {
      return Object.fromEntries(
        Object.entries(example).map(([name, each]) => [
          name,
          this.renewed(each, choice.properties?.[name] ?? {}),
        ]),
      );
    }
    const isFreeText = typeof example === 'string' && choice.const === undefined && !choice.enum;
    return isFreeText ? this.textOf(choice, example) : example;
  }

  private textOf(schema: Schema, example?: string): string {
    this.made += 1;
    const fresh = `${this.mark}${this.made}`;
    if (schema.format === 'uuid') return randomUUID();
    if (schema.format === 'email') return `${fresh}@example.com`;
    if (schema.format === 'date-time') return new Date().toISOString();
    const candidates = [
      ...(example === undefined ? [] : [`${example}-${fresh}`, example]),
      fresh.padEnd(schema.minLength ?? 0, '-'),
      ...SHAPES,
    ];
    const pattern = new RegExp(schema.pattern ?? '', 'u');
    const fitting = candidates.find(
      (text) =>
        pattern.test(text) &&
        text.length >= (schema.minLength ?? 0) &&
        text.length <= (schema.maxLength ?? Infinity),
    );
    if (fitting === undefined) throw new Error(`No text is known that matches ${schema.pattern}.`);
    return fitting;
  }
}

/** The schemas that a value may follow, without null: that one is never of interest. */
export function choicesOf(schema: Schema): Schema[] {
  const choices = schema.oneOf ?? schema.anyOf;
  return choices ? choices.filter((each) => each.type !== 'null').flatMap(choicesOf) : [schema];
}

function partOf(schema: Schema, step: string | 0): Schema | undefined {
  return step === 0 ? schema.items : schema.properties?.[step];
}

function typeOf({ type }: Schema): string | undefined {
  return Array.isArray(type) ? type.find((each) => each !== 'null') : type;
}
