import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** How `npm start` fills a variable that has no default when it writes the first `.env`. */
export type Generated = 'password' | 'rsa-private-key-file' | 'key';

/** One environment variable: its name, what it means, how its text is read and what holds without it. */
export interface Variable<Value = unknown> {
  readonly variable: string;
  readonly description: string;
  readonly schema: z.ZodType<Value>;
  /** Text of the default; undefined means required, null means optional. */
  readonly default: string | null | undefined;
  /** A secret may also come from the file that `<NAME>_FILE` names. */
  readonly secret: boolean;
  readonly generated?: Generated;
  /**
   * True for a generated secret that the first `.env` files don't have: `npm start` adds it to one that lacks it. A
   * secret without it that is missing was lost, and must not be replaced in silence: data may depend on it.
   */
  readonly addedLater: boolean;
  readonly override?: Override;
}

/** A second variable that, where it is set, holds in the first one's place for a part of the platform. */
export interface Override {
  readonly variable: string;
  /** What it holds for, such as a service. */
  readonly scope: string;
}

/** A tree of variables; the loaded settings have the same shape with values in their place. */
export interface VariableGroup {
  readonly [key: string]: Variable | VariableGroup;
}

export type SettingsOf<Group> = {
  [Key in keyof Group]: Group[Key] extends Variable<infer Value>
    ? Value
    : Group[Key] extends VariableGroup
      ? SettingsOf<Group[Key]>
      : never;
};

export function isVariable(node: Variable | VariableGroup): node is Variable {
  return typeof node.variable === 'string';
}

/** Every variable of a group, in the order of its declaration. */
export function listVariables(group: VariableGroup): Variable[] {
  return Object.values(group).flatMap((node) => (isVariable(node) ? [node] : listVariables(node)));
}

interface Options {
  default?: string | null;
  secret?: boolean;
  generated?: Generated;
  addedLater?: boolean;
}

function define<Value>(
  name: string,
  description: string,
  schema: z.ZodType<Value>,
  options: Options,
): Variable<Value> {
  return {
    variable: name,
    description,
    schema,
    default: options.default,
    secret: options.secret ?? false,
    generated: options.generated,
    addedLater: options.addedLater ?? false,
  };
}

/** The same setting, with a variable of its own for one `scope`. */
export function overridable<Value>(
  declared: Variable<Value>,
  variable: string,
  scope: string,
): Variable<Value> {
  return { ...declared, override: { variable, scope } };
}

export function text(name: string, description: string, defaultText?: string): Variable<string> {
  return define(name, description, z.string().min(1, 'must not be empty'), { default: defaultText });
}

export function optionalText(name: string, description: string): Variable<string | undefined> {
  return define(name, description, z.string().min(1, 'must not be empty').optional(), { default: null });
}

/** A value that never appears in a log or an error; `minimumLength` refuses placeholders left in place. */
export function secret(
  name: string,
  description: string,
  { minimumLength = 8, ...options }: { generated: Generated; addedLater?: true; minimumLength?: number },
): Variable<string> {
  const schema = z.string().min(minimumLength, `must have at least ${minimumLength} characters`);
  return define(name, description, schema, { secret: true, ...options });
}

export function integer(
  name: string,
  description: string,
  range: { min: number; max: number; default: number },
): Variable<number> {
  const wanted = `must be a whole number from ${range.min} to ${range.max}`;
  const schema = z
    .string()
    .regex(/^\d{1,15}$/, wanted)
    .transform(Number)
    .refine((value) => value >= range.min && value <= range.max, wanted);
  return define(name, description, schema, { default: String(range.default) });
}

export function port(name: string, description: string, defaultPort: number): Variable<number> {
  return integer(name, description, { min: 1, max: 65_535, default: defaultPort });
}

export function flag(name: string, description: string, defaultValue: boolean): Variable<boolean> {
  const schema = z.enum(['true', 'false'], 'must be true or false').transform((value) => value === 'true');
  return define(name, description, schema, { default: String(defaultValue) });
}

export function choice<const Choice extends string>(
  name: string,
  description: string,
  choices: readonly [Choice, ...Choice[]],
  defaultChoice: NoInfer<Choice>,
): Variable<Choice> {
  return define(name, description, z.enum(choices, `must be one of ${choices.join(', ')}`), {
    default: defaultChoice,
  });
}

/** Comma-separated; blanks around the items and empty items are dropped. */
export function list(name: string, description: string, defaultText: string): Variable<string[]> {
  const schema = z.string().transform((value) =>
    value
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== ''),
  );
  return define(name, description, schema, { default: defaultText });
}

export function url(
  name: string,
  description: string,
  defaultText: string,
  protocols: readonly string[],
): Variable<string> {
  const wanted = `must be a URL starting with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`;
  const schema = z
    .string()
    .refine((value) => URL.canParse(value) && protocols.includes(new URL(value).protocol), wanted);
  return define(name, description, schema, { default: defaultText });
}

export function optionalUrl(
  name: string,
  description: string,
  protocols: readonly string[],
): Variable<string | undefined> {
  const { schema } = url(name, description, '', protocols);
  return define(name, description, schema.optional(), { default: null });
}

/** A PEM text. Line breaks may be written as `\n`, because many places that carry variables know no others. */
export function privateKey(name: string, description: string): Variable<string> {
  const schema = z
    .string()
    .transform((value) => value.replaceAll('\\n', '\n'))
    .refine(
      (value) => value.startsWith('-----BEGIN PRIVATE KEY-----'),
      'must be a PKCS #8 private key in PEM',
    );
  return define(name, description, schema, { secret: true, generated: 'rsa-private-key-file' });
}

/** The variable names a file; the setting is the PEM text of the certificates in it. */
export function certificateFile(name: string, description: string): Variable<string | undefined> {
  const schema = z.string().transform((path, context) => {
    try {
      const pem = readFileSync(path, 'utf8');
      if (pem.includes('-----BEGIN CERTIFICATE-----')) return pem;
      context.addIssue('must name a file with certificates in PEM');
    } catch (error) {
      const reason = (error as NodeJS.ErrnoException).code ?? 'unreadable';
      context.addIssue(`names a file that cannot be read (${reason})`);
    }
    return z.NEVER;
  });
  return define(name, description, schema.optional(), { default: null });
}
